//! A virtual screen with its own session bus: nothing a test does is seen, or disturbed, by whoever works at this machine.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, CLIENT_MESSAGE_EVENT, ClientMessageEvent, ConnectionExt as _, EventMask, MapState,
};
use x11rb::rust_connection::RustConnection;

use crate::process::Process;
use crate::wait::until;

const SIZE: &str = "1360x860x24";

/// A running X server and session bus, on addresses of their own.
pub(crate) struct Screen {
    display: String,
    bus: String,
    server: Process,
    bus_daemon: Process,
    logs: TempDir,
}

/// A window as a window manager sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TopWindow {
    id: u32,
    /// The process that drew it.
    pub pid: u32,
}

impl Screen {
    /// Starts both and waits until they answer.
    pub(crate) async fn start() -> Result<Self> {
        let logs = TempDir::new()?;
        let mut server = Process::start(
            "Xvfb",
            Command::new("Xvfb").args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                SIZE,
                "-nolisten",
                "tcp",
                "-noreset",
            ]),
            logs.path(),
        )?;
        // It finds a free display by itself and says which.
        let number: u32 = until("the virtual screen", async || {
            server.expect_running()?;
            Ok(server.log()?.lines().find_map(|line| line.trim().parse().ok()))
        })
        .await?;
        let mut bus_daemon = Process::start(
            "dbus-daemon",
            Command::new("dbus-daemon").args(["--session", "--nofork", "--print-address=1"]),
            logs.path(),
        )?;
        let bus = until("the session bus", async || {
            bus_daemon.expect_running()?;
            Ok(bus_daemon
                .log()?
                .lines()
                .find(|line| line.starts_with("unix:"))
                .map(ToOwned::to_owned))
        })
        .await?;
        Ok(Self {
            display: format!(":{number}"),
            bus,
            server,
            bus_daemon,
            logs,
        })
    }

    /// Where programs on this screen print to.
    pub(crate) fn logs(&self) -> &Path {
        self.logs.path()
    }

    /// Makes a program appear on this screen, and only here.
    pub(crate) fn place<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_remove("WAYLAND_DISPLAY")
            .env("GDK_BACKEND", "x11")
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            // The accessibility bridge would start daemons of its own on the bus.
            .env("NO_AT_BRIDGE", "1")
            .env("GSETTINGS_BACKEND", "memory")
            // The same drawing on every machine. WebKit's compositor stays on: without it WebDriver waits for ever for
            // a picture of the page.
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("WEBKIT_DISABLE_COMPOSITING_MODE")
            .env_remove("WEBKIT_DISABLE_DMABUF_RENDERER")
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("LANGUAGE")
    }

    /// The visible windows that can be asked to close.
    pub(crate) fn windows(&self) -> Result<Vec<TopWindow>> {
        let x = X::connect(&self.display)?;
        let mut windows = Vec::new();
        for id in x.connection.query_tree(x.root)?.reply()?.children {
            let closable = x
                .words(id, "WM_PROTOCOLS", AtomEnum::ATOM)?
                .contains(&x.atom("WM_DELETE_WINDOW")?);
            let pid = x.words(id, "_NET_WM_PID", AtomEnum::CARDINAL)?.first().copied();
            let visible = x.connection.get_window_attributes(id)?.reply()?.map_state == MapState::VIEWABLE;
            if let (true, true, Some(pid)) = (closable, visible, pid) {
                windows.push(TopWindow { id, pid });
            }
        }
        Ok(windows)
    }

    /// Presses a window's close button: sends what a window manager sends.
    pub(crate) fn close(&self, window: TopWindow) -> Result<()> {
        let x = X::connect(&self.display)?;
        let message = ClientMessageEvent {
            response_type: CLIENT_MESSAGE_EVENT,
            format: 32,
            sequence: 0,
            window: window.id,
            type_: x.atom("WM_PROTOCOLS")?,
            data: [x.atom("WM_DELETE_WINDOW")?, x11rb::CURRENT_TIME, 0, 0, 0].into(),
        };
        x.connection
            .send_event(false, window.id, EventMask::NO_EVENT, message)?
            .check()?;
        Ok(())
    }

    /// Ends both.
    pub(crate) async fn stop(self) -> Result<()> {
        // The bus counts being asked to end as a failure, the screen does not.
        drop(self.bus_daemon);
        self.server.stop().await
    }
}

/// One conversation with the X server.
struct X {
    connection: RustConnection,
    root: u32,
}

impl X {
    fn connect(display: &str) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display))?;
        let root = connection
            .setup()
            .roots
            .get(screen)
            .context("the display has a screen")?
            .root;
        Ok(Self { connection, root })
    }

    fn atom(&self, name: &str) -> Result<u32> {
        Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }

    /// A property's 32-bit words; none when the window lacks it.
    fn words(&self, window: u32, property: &str, kind: AtomEnum) -> Result<Vec<u32>> {
        let reply = self
            .connection
            .get_property(false, window, self.atom(property)?, kind, 0, 32)?
            .reply()?;
        Ok(reply.value32().map(Iterator::collect).unwrap_or_default())
    }
}
