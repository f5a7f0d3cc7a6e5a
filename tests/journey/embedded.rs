//! The console by itself: its own backend and sandbox in-process, one window per person, and a clean end.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::home::Home;
use crate::process::{Process, is_alive, listening_ports};
use crate::screen::Screen;
use crate::window::{CONSOLE, Window, part, part_with};

#[tokio::test(flavor = "multi_thread")]
async fn opens_connected_without_an_account_once_and_ends_with_its_window() -> Result<()> {
    let _alone = crate::ONE_AT_A_TIME.lock().await;
    let screen = Screen::start().await?;
    let home = Home::new()?;

    let window = Window::open(&screen, &home, &[]).await?;
    window
        .see(&part_with("status-connection", "state", "connected"))
        .await?;
    ensure!(
        !listening_ports(window.pid())?.is_empty(),
        "the embedded backend listens in the console's process"
    );

    // Its sandbox is there as well, and offers its apps where one is asked for.
    window.press(&part("nav-connections")).await?;
    window.press(&part("create-connection")).await?;
    window.press(&part("kind-wechat:pc")).await?;
    window.press(&part("use-sandbox-app")).await?;

    let mut second = Process::start(
        "second-start",
        screen.place(home.lodge(&mut Command::new(CONSOLE))),
        screen.logs(),
    )?;
    let status = second.ended().await?;
    ensure!(
        status.success(),
        "the second start ended with {status}:\n{}",
        second.log()?
    );
    ensure!(is_alive(window.pid()), "the first start is still there");
    ensure!(screen.windows()?.len() == 1, "there is one window");
    window
        .see(&part_with("status-connection", "state", "connected"))
        .await?;

    window.close().await?;
    screen.stop().await
}
