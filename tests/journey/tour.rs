//! The journey: configure a connection, scan, find the person, edit, lose the backend, restart, and lose nothing.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::home::Home;
use crate::phone;
use crate::screen::Screen;
use crate::server::{Backend, Sandbox};
use crate::wait::until;
use crate::window::{Window, field, part, part_with, tour_folder};

const STEPS: usize = 12;

/// Tells the steps on the terminal and keeps a picture of each.
struct Tour {
    step: usize,
}

impl Tour {
    fn begin() -> Result<Self> {
        for old in fs::read_dir(tour_folder()?)? {
            fs::remove_file(old?.path())?;
        }
        println!();
        Ok(Self { step: 0 })
    }

    async fn step(&mut self, window: &Window<'_>, name: &str, what: &str) -> Result<()> {
        self.step += 1;
        let file = format!("{:02}-{name}.png", self.step);
        fs::write(tour_folder()?.join(file), window.picture().await?)?;
        println!("step {:>2}/{STEPS}  {what}", self.step);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_person_is_found_edited_and_synced_even_across_an_outage_and_a_restart() -> Result<()> {
    let _alone = crate::ONE_AT_A_TIME.lock().await;
    let screen = Screen::start().await?;
    let home = Home::new()?;
    let sandbox = Sandbox::start(&home).await?;
    let mut backend = Backend::start(&home, &sandbox).await?;
    let (backend_url, sandbox_url) = (backend.url(), sandbox.url());
    let settings = Backend::settings(&backend_url, &sandbox_url);
    let (app_id, app_secret) = sandbox.website().await?;
    let mut tour = Tour::begin()?;

    let window = Window::open(&screen, &home, &settings).await?;
    window
        .see(&part_with("status-connection", "state", "connected"))
        .await?;
    tour.step(
        &window,
        "overview",
        "The console is open and connected to its backend",
    )
    .await?;

    window.press(&part("nav-connections")).await?;
    window.press(&part("create-connection")).await?;
    window.press(&part("kind-wechat:pc")).await?;
    window.fill(&field("display_name"), "Office door").await?;
    window.fill(&field("identifier"), "office-door").await?;
    window.fill(&field("app_id"), &app_id).await?;
    window.fill(&field("app_secret"), &app_secret).await?;
    window.see_gone(r#"[aria-invalid="true"]"#).await?;
    tour.step(
        &window,
        "connection-form",
        "A website connection is filled in with an app of the sandbox",
    )
    .await?;

    window.press(&part("save-connection")).await?;
    window.see(&part("start-test-login")).await?;
    tour.step(&window, "connection", "The connection is saved")
        .await?;

    window.press(&part("start-test-login")).await?;
    window.see(&part("test-login-qr")).await?;
    window
        .see(&part_with("test-login-state", "state", "waiting"))
        .await?;
    let address = until("a QR code in the picture of the window", async || {
        phone::read_qr(&window.picture().await?)
    })
    .await?;
    ensure!(
        address.starts_with(&sandbox_url),
        "the QR code leads to WeChat, not to {address}"
    );
    tour.step(
        &window,
        "qr-code",
        "A test login draws a QR code, and a decoder reads it off the screen",
    )
    .await?;

    phone::open(&address).await?;
    window
        .see(&part_with("test-login-state", "state", "scanned"))
        .await?;
    tour.step(&window, "scanned", "The phone opens it: the window says so")
        .await?;

    phone::approve(&address, PERSON).await?;
    // "confirmed" may be over before anybody looks: the verdict is what stays.
    window
        .see(&part_with("test-login-verdict", "outcome", "create"))
        .await?;
    tour.step(
        &window,
        "verdict",
        "The person approves: the verdict appears, with every leg of the attempt",
    )
    .await?;

    window.press(&part("nav-users")).await?;
    let row = window.see(&part("user-row")).await?;
    let user = row.attr("data-user-id").await?.context("a row names its user")?;
    tour.step(
        &window,
        "users",
        "The person is in the list, read from the console's own replica",
    )
    .await?;

    row.click().await?;
    window.see(&part("user-detail")).await?;
    add_metadata(&window, "badge", "\"A-7\"").await?;
    window.see(&entry("badge", "synced")).await?;
    ensure!(
        metadata(&backend.user(&user).await?, "badge") == Some("A-7"),
        "the backend has the edit"
    );
    tour.step(&window, "edited", "Metadata is added, and reaches the backend")
        .await?;

    backend.stop().await?;
    window
        .see(&part_with("status-connection", "state", "offline"))
        .await?;
    add_metadata(&window, "floor", "\"12\"").await?;
    window.see(&entry("floor", "pending")).await?;
    window.see(&part_with("status-waiting", "count", "1")).await?;
    tour.step(
        &window,
        "offline",
        "The backend is stopped: an edit is kept, marked as not yet synced",
    )
    .await?;

    window.close().await?;
    let window = Window::open(&screen, &home, &settings).await?;
    window
        .see(&part_with("status-connection", "state", "offline"))
        .await?;
    window.see(&part_with("status-waiting", "count", "1")).await?;
    window.press(&part("nav-users")).await?;
    window.press(&part_with("user-row", "user-id", &user)).await?;
    window.see(&entry("floor", "pending")).await?;
    tour.step(
        &window,
        "restarted",
        "The console is restarted, still without a backend: the edit is still there",
    )
    .await?;

    backend.start_again().await?;
    window
        .see(&part_with("status-connection", "state", "connected"))
        .await?;
    window.see(&entry("floor", "synced")).await?;
    window.see(&part_with("status-waiting", "count", "0")).await?;
    tour.step(
        &window,
        "synced",
        "The backend is back: the edit goes out by itself",
    )
    .await?;

    let known = backend.user(&user).await?;
    ensure!(
        metadata(&known, "badge") == Some("A-7") && metadata(&known, "floor") == Some("12"),
        "{known}"
    );
    tour.step(
        &window,
        "read-back",
        "Read back from the backend's own API: both edits are there",
    )
    .await?;
    ensure!(
        tour.step == STEPS,
        "the tour announces {STEPS} steps and has {}",
        tour.step
    );

    window.close().await?;
    backend.stop().await?;
    sandbox.stop().await?;
    screen.stop().await
}

/// One of the sandbox's test people.
const PERSON: &str = "lin-xiaoman";

async fn add_metadata(window: &Window<'_>, key: &str, value: &str) -> Result<()> {
    window.press(&part("metadata-add")).await?;
    window.fill(&part("metadata-key"), key).await?;
    window.fill(&part("metadata-value"), value).await?;
    window.press(&part("metadata-save")).await
}

fn entry(key: &str, sync: &str) -> String {
    format!(r#"[data-testid="metadata-entry"][data-key="{key}"][data-sync="{sync}"]"#)
}

/// A metadata value as the backend's API shows it.
fn metadata<'a>(user: &'a Value, key: &str) -> Option<&'a str> {
    user["user"]["metadata"][key]["value"].as_str()
}
