//! The console's real window, driven through WebDriver as a person drives it through eyes and hands.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use thirtyfour::prelude::*;
use thirtyfour::{Capabilities, WebDriver};

use crate::home::Home;
use crate::process::{Process, free_port, is_alive, listening_ports};
use crate::screen::{Screen, TopWindow};
use crate::wait::{PATIENCE, until};

/// The program under test.
pub(crate) const CONSOLE: &str = env!("CARGO_BIN_EXE_yaopai");

/// An open window.
pub(crate) struct Window<'a> {
    driver: WebDriver,
    top: TopWindow,
    screen: &'a Screen,
    // Last, so that on a failure the session ends before the program it speaks to.
    webdriver: Process,
}

impl<'a> Window<'a> {
    /// Starts the console at `home` with `settings` as environment, and waits for its window.
    pub(crate) async fn open(screen: &'a Screen, home: &Home, settings: &[(&str, &str)]) -> Result<Self> {
        let address = free_port()?;
        // WebKit's driver starts the program itself and hands its own environment on.
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={}", address.port()))
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.envs(settings.iter().copied());
        let mut webdriver = Process::start("console", screen.place(home.lodge(&mut command)), screen.logs())?;
        until("WebKitWebDriver listens", async || {
            webdriver.expect_running()?;
            Ok(tokio::net::TcpStream::connect(address).await.ok())
        })
        .await?;

        let mut capabilities = Capabilities::new();
        capabilities.set(
            "webkitgtk:browserOptions",
            json!({ "binary": CONSOLE, "args": [] }),
        )?;
        let driver = WebDriver::builder(format!("http://{address}"), capabilities)
            .request_timeout(PATIENCE)
            .poller(Arc::new(ElementPollerWithTimeout::new(
                PATIENCE,
                Duration::from_millis(100),
            )))
            .connect()
            .await
            .with_context(|| {
                format!(
                    "opening the window; so far:\n{}",
                    webdriver.log().unwrap_or_default()
                )
            })?;
        let top = until("a window on the screen", async || Ok(screen.windows()?.pop())).await?;
        Ok(Self {
            driver,
            top,
            screen,
            webdriver,
        })
    }

    /// The console's process.
    pub(crate) fn pid(&self) -> u32 {
        self.top.pid
    }

    /// Waits until an element that matches the CSS selector is visible.
    pub(crate) async fn see(&self, css: &str) -> Result<WebElement> {
        match self.driver.query(By::Css(css)).and_displayed().first().await {
            Ok(element) => Ok(element),
            Err(error) => {
                let picture = tour_folder()?.join("failed.png");
                self.driver.screenshot(&picture).await?;
                let log = self.webdriver.log()?;
                Err(error)
                    .with_context(|| format!("nothing like {css} (see {}); log:\n{log}", picture.display()))
            }
        }
    }

    /// Clicks on it.
    pub(crate) async fn press(&self, css: &str) -> Result<()> {
        let element = self.see(css).await?;
        element.scroll_into_view().await?;
        element.click().await.with_context(|| format!("clicking {css}"))
    }

    /// Types into the field of that name, in place of what stood there.
    pub(crate) async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.see(css).await?;
        field.scroll_into_view().await?;
        field.send_keys(Key::Control + "a").await?;
        field
            .send_keys(text)
            .await
            .with_context(|| format!("typing into {css}"))
    }

    /// Waits until nothing matches the CSS selector any more.
    pub(crate) async fn see_gone(&self, css: &str) -> Result<()> {
        let gone = self.driver.query(By::Css(css)).wait_until_gone().await;
        gone.with_context(|| format!("{css} is still there"))
    }

    /// A picture of the page, as PNG.
    pub(crate) async fn picture(&self) -> Result<Vec<u8>> {
        // The page is ahead of what is drawn of it: the second frame from now shows what is there now.
        const DRAWN: &str =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))";
        self.driver.execute_async(DRAWN, Vec::new()).await?;
        Ok(self.driver.screenshot_as_png().await?)
    }

    /// Closes the window by its close button and waits until the program has ended and listens nowhere any more.
    pub(crate) async fn close(self) -> Result<()> {
        let ports = listening_ports(self.pid())?;
        self.screen.close(self.top)?;
        until("the console ends when its window is closed", async || {
            Ok((!is_alive(self.pid())).then_some(()))
        })
        .await?;
        for port in ports {
            // A process that is going has closed its files a moment after it can no longer be seen.
            until(&format!("nothing listens on port {port} any more"), async || {
                let answer = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
                Ok(answer.is_err().then_some(()))
            })
            .await?;
        }
        // The session went with the window; that it cannot be ended any more is no news.
        let _ = self.driver.quit().await;
        Ok(())
    }
}

/// The selector of an element by its test id.
pub(crate) fn part(id: &str) -> String {
    format!(r#"[data-testid="{id}"]"#)
}

/// The selector of an element by its test id and one of its `data-` attributes.
pub(crate) fn part_with(id: &str, attribute: &str, value: &str) -> String {
    format!(r#"[data-testid="{id}"][data-{attribute}="{value}"]"#)
}

/// The selector of a form's field by its name.
pub(crate) fn field(name: &str) -> String {
    format!(r#"[name="{name}"]"#)
}

/// Where pictures go, in the checkout whatever cargo's own folder is.
pub(crate) fn tour_folder() -> Result<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tour");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
