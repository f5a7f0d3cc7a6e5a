//! Programs killed with `kill -9` at random moments: what was reported as saved is applied once, whatever happens.

use crate::programs::{first_line, lines, program};
use rusqlite::{Connection, OpenFlags};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
    time::{sleep, timeout},
};

/// Kills that the issue asks for.
const KILLS: usize = 100;
/// So many that a first load takes long enough to be killed in.
const USERS: usize = 1500;
const KEY: &str = "kill-0123456789abcdef0123456789abcdef";
/// So many kills of each scene have to come in the middle of it: before and after its work they show nothing.
const MIDWAY: usize = 3;
/// Edits that wait for a push.
const LEFT: usize = 50;
/// Far longer than anything here takes; a test that gets here hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is killed, and in the middle of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scene {
    /// A console that stores edits, and pushes them meanwhile.
    Edits,
    /// A console that pushes what earlier ones left.
    Push,
    /// The backend, while a console stores and pushes edits.
    Backend,
    /// A console that loads for the first time.
    FirstLoad,
    /// A console that loads everything again, because the backend was restored.
    Reset,
}

/// Where a kill came in the work of its scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caught {
    Before,
    Midway,
    After,
}

const SCENES: [Scene; 5] = [
    Scene::Edits,
    Scene::Push,
    Scene::Backend,
    Scene::FirstLoad,
    Scene::Reset,
];

#[tokio::test]
async fn a_hundred_kills_lose_nothing_that_was_reported_as_saved_and_apply_nothing_twice() {
    let mut world = World::new().await;
    world.caught_up(&world.replica("console")).await;
    for kill in 0..KILLS {
        let scene = SCENES[kill % SCENES.len()];
        world.play(scene).await;
    }
    world.caught_up(&world.replica("console")).await;
    world.stop_backend().await;

    for scene in [Scene::Push, Scene::FirstLoad, Scene::Reset] {
        let midway = world
            .caught
            .iter()
            .filter(|caught| **caught == (scene, Caught::Midway));
        assert!(midway.count() >= MIDWAY, "{scene:?}: {:?}", world.caught);
    }
    assert!(
        world.saved.len() > KILLS,
        "only {} edits were saved: nothing was tried",
        world.saved.len()
    );
    let stored = world.stored();
    let applied = world.times_applied();
    for (key, (user, value)) in &world.saved {
        let found = stored.get(&(user.clone(), key.clone()));
        assert_eq!(found, Some(value), "{key} was saved");
    }
    for (key, times) in &applied {
        assert_eq!(*times, 1, "{key} was applied {times} times");
    }
    assert_eq!(world.waiting("console").await, "waiting 0 conflicts 0");
}

struct World {
    folder: TempDir,
    address: SocketAddr,
    backend: Option<Child>,
    dice: Dice,
    edits: usize,
    loads: usize,
    /// How long something lives at most in each scene, in microseconds.
    spans: BTreeMap<Scene, u64>,
    /// Where the kills came.
    caught: Vec<(Scene, Caught)>,
    /// Key → user and value, of every edit that a console said was saved.
    saved: BTreeMap<String, (String, String)>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bootstrap = format!("[[access_key]]\nname = \"kill\"\nrole = \"admin\"\nkey = \"{KEY}\"\n");
        for number in 0..USERS {
            let id = user(number);
            writeln!(bootstrap, "[[user]]\nid = \"{id}\"\nnickname = \"user {number}\"").unwrap();
        }
        fs::write(folder.path().join("bootstrap.toml"), bootstrap).unwrap();
        fs::write(folder.path().join("key"), KEY).unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut world = Self {
            folder,
            address: port.local_addr().unwrap(),
            backend: None,
            dice: Dice(2026),
            edits: 0,
            loads: 0,
            spans: SCENES.map(|scene| (scene, 250_000)).into(),
            caught: Vec::new(),
            saved: BTreeMap::new(),
        };
        drop(port);
        world.start_backend().await;
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn replica(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.db"))
    }

    async fn start_backend(&mut self) {
        let mut command = program("yaopai-server");
        command
            .args(["--listen", &self.address.to_string(), "--data-dir"])
            .arg(self.path("backend"))
            .arg("--bootstrap")
            .arg(self.path("bootstrap.toml"));
        let mut backend = command
            .stdout(Stdio::piped())
            .stderr(self.log("backend.log"))
            .spawn()
            .unwrap();
        let lines = lines(&mut backend);
        let listening = timeout(PATIENCE, first_line(lines)).await.unwrap();
        assert!(
            listening.contains("listens on"),
            "{listening:?}: {}",
            self.said("backend.log")
        );
        self.backend = Some(backend);
    }

    /// What programs say when something is wrong.
    fn log(&self, name: &str) -> File {
        File::options()
            .create(true)
            .append(true)
            .open(self.path(name))
            .unwrap()
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    async fn stop_backend(&mut self) {
        if let Some(mut backend) = self.backend.take() {
            backend.kill().await.unwrap();
        }
    }

    fn console(&self, replica: &Path, what: &[&str]) -> Command {
        let mut command = program("yaopai-headless");
        command
            .args([
                "--server",
                &format!("http://{}", self.address),
                "--access-key-file",
            ])
            .arg(self.path("key"))
            .arg("--replica")
            .arg(replica)
            .args(what)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(self.log("console.log"));
        command
    }

    /// Lets a console run until replica and backend are equal.
    async fn caught_up(&self, replica: &Path) {
        let mut console = self
            .console(replica, &["sync", "--until-caught-up"])
            .spawn()
            .unwrap();
        let mut lines = lines(&mut console);
        let mut heard = Vec::new();
        let ended = timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await.unwrap() {
                heard.push(line);
            }
            console.wait().await.unwrap()
        });
        let Ok(ended) = ended.await else {
            panic!("never caught up: {heard:?}");
        };
        assert!(ended.success(), "{heard:?}\n{}", self.said("console.log"));
    }

    /// Some die at once, some in the middle, some after all their work.
    fn life(&mut self, scene: Scene) -> Duration {
        Duration::from_micros(self.dice.below(self.spans[&scene]))
    }

    async fn play(&mut self, scene: Scene) {
        let life = self.life(scene);
        match scene {
            Scene::Edits => {
                let console = self
                    .console(&self.replica("console"), &["edits"])
                    .spawn()
                    .unwrap();
                self.edit_until_killed(console, None, life).await;
            }
            Scene::Backend => {
                let console = self
                    .console(&self.replica("console"), &["edits"])
                    .spawn()
                    .unwrap();
                let backend = self.backend.take();
                self.edit_until_killed(console, backend, life).await;
                self.start_backend().await;
            }
            Scene::Push => {
                let replica = self.replica("console");
                let before = number(&replica, "SELECT coalesce(max(seq), 0) FROM outbox");
                self.leave_edits(&replica).await;
                self.kill_in(&replica, life).await;
                let caught = caught(
                    &replica,
                    "SELECT CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE seq > ?1 AND state = 'sent') THEN 1
                        WHEN EXISTS (SELECT 1 FROM outbox WHERE seq > ?1 AND state = 'queued') THEN 0 ELSE 2 END",
                    before,
                );
                self.aim(scene, caught);
            }
            Scene::FirstLoad => {
                let replica = self.replica(&format!("load{}", self.loads));
                // A load that was killed goes on where it was; every other time it may end.
                self.kill_in(&replica, life).await;
                let caught = caught(
                    &replica,
                    "SELECT CASE WHEN phase <> 'ready' OR EXISTS (SELECT 1 FROM load_part) THEN cursor IS NOT NULL
                        ELSE 2 END FROM replica WHERE generation >= ?1",
                    0,
                );
                self.aim(scene, caught);
                if self.dice.below(2) == 0 {
                    self.caught_up(&replica).await;
                    self.loads += 1;
                }
            }
            Scene::Reset => {
                self.stop_backend().await;
                let restored = program("yaopai-server")
                    .arg("--data-dir")
                    .arg(self.path("backend"))
                    .arg("restored")
                    .stdout(Stdio::null())
                    .stderr(self.log("backend.log"))
                    .status();
                assert!(restored.await.unwrap().success(), "{}", self.said("backend.log"));
                self.start_backend().await;
                let replica = self.replica("console");
                let before = number(&replica, "SELECT generation FROM replica");
                self.kill_in(&replica, life).await;
                let caught = caught(
                    &replica,
                    "SELECT CASE WHEN generation <= ?1 THEN 0 WHEN sweeping OR sweep THEN 1 ELSE 2 END FROM replica",
                    before,
                );
                self.aim(scene, caught);
            }
        }
    }

    /// Kills a console that syncs; its life begins with the first line it says.
    async fn kill_in(&self, replica: &Path, life: Duration) {
        let mut console = self.console(replica, &["sync"]).spawn().unwrap();
        let mut lines = lines(&mut console);
        let said = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        assert!(said.is_some(), "{}", self.said("console.log"));
        sleep(life).await;
        console.kill().await.unwrap();
    }

    /// Notes where a kill came, and has the next one of its scene come nearer to the middle, however fast the machine is.
    fn aim(&mut self, scene: Scene, caught: Caught) {
        self.caught.push((scene, caught));
        let span = self.spans.get_mut(&scene).unwrap();
        *span = match caught {
            Caught::Before => *span * 3 / 2,
            Caught::Midway => *span,
            Caught::After => (*span * 2 / 3).max(1000),
        };
    }

    /// Stores edits while the backend is away.
    async fn leave_edits(&mut self, replica: &Path) {
        self.stop_backend().await;
        let mut console = self.console(replica, &["edits"]).spawn().unwrap();
        let mut input = console.stdin.take().unwrap();
        let mut lines = lines(&mut console);
        let mut tried = BTreeMap::new();
        for _ in 0..LEFT {
            let line = self.next_edit(&mut tried);
            input.write_all(line.as_bytes()).await.unwrap();
        }
        drop(input);
        while let Some(heard) = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap() {
            self.take(&heard, &mut tried);
        }
        assert!(
            console.wait().await.unwrap().success(),
            "{}",
            self.said("console.log")
        );
        assert!(tried.is_empty(), "{tried:?}");
        self.start_backend().await;
    }

    /// A line for a console that takes edits.
    fn next_edit(&mut self, tried: &mut BTreeMap<String, (String, String)>) -> String {
        let user = user(self.dice.below(USERS as u64) as usize);
        let key = format!("k{}", self.edits);
        let value = self.edits.to_string();
        self.edits += 1;
        let line = format!("{user} {key} {value}\n");
        tried.insert(key, (user, value));
        line
    }

    /// Gives a console edits until it, or the backend it pushes to, is killed.
    async fn edit_until_killed(&mut self, mut console: Child, backend: Option<Child>, life: Duration) {
        let mut input = console.stdin.take().unwrap();
        let mut lines = lines(&mut console);
        let end = sleep(life);
        tokio::pin!(end);
        let mut tried = BTreeMap::new();
        let mut backend = backend;
        loop {
            let line = self.next_edit(&mut tried);
            // A console that was killed takes no more.
            if input.write_all(line.as_bytes()).await.is_err() {
                break;
            }
            let heard = tokio::select! {
                heard = lines.next_line() => heard.unwrap(),
                () = &mut end => break,
            };
            let Some(heard) = heard else { break };
            self.take(&heard, &mut tried);
        }
        if let Some(backend) = &mut backend {
            backend.kill().await.unwrap();
            // The console is asked to end and closes its file; what it says until then counts.
            drop(input);
        } else {
            console.kill().await.unwrap();
        }
        while let Some(heard) = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap() {
            self.take(&heard, &mut tried);
        }
        console.wait().await.unwrap();
    }

    fn take(&mut self, heard: &str, tried: &mut BTreeMap<String, (String, String)>) {
        let key = heard.strip_prefix("saved ").unwrap_or_else(|| panic!("{heard}"));
        let edit = tried.remove(key).unwrap();
        self.saved.insert(key.to_owned(), edit);
    }

    fn database(&self) -> Connection {
        Connection::open_with_flags(self.path("backend/backend.db"), OpenFlags::SQLITE_OPEN_READ_WRITE)
            .unwrap()
    }

    fn stored(&self) -> BTreeMap<(String, String), String> {
        let database = self.database();
        let mut statement = database
            .prepare("SELECT user_id, key, value FROM user_metadata")
            .unwrap();
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// How often each key was written, as the audit log tells.
    fn times_applied(&self) -> BTreeMap<String, usize> {
        let database = self.database();
        let mut statement = database
            .prepare("SELECT new FROM audit WHERE action = 'user.patch'")
            .unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let mut times = BTreeMap::new();
        for row in rows {
            let new: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(&row.unwrap()).unwrap();
            for field in new.keys() {
                *times.entry(field.clone()).or_default() += 1;
            }
        }
        times
    }

    async fn waiting(&self, replica: &str) -> String {
        let output = self
            .console(&self.replica(replica), &["status"])
            .output()
            .await
            .unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        let (_, rest) = line.split_once("waiting").unwrap();
        let (rest, _) = rest.split_once(" loaded").unwrap();
        format!("waiting{rest}")
    }
}

/// A replica that nobody has open.
fn left(replica: &Path) -> Connection {
    // Only who may write takes up the log of a file that was left, which tells how far the console got.
    Connection::open_with_flags(replica, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}

fn number(replica: &Path, sql: &str) -> i64 {
    left(replica).query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Where a kill came, as a question about the replica tells: 0 before the work, 1 midway, 2 after it.
fn caught(replica: &Path, sql: &str, before: i64) -> Caught {
    let told = left(replica).query_row(sql, [before], |row| row.get::<_, i64>(0));
    match told.unwrap() {
        0 => Caught::Before,
        1 => Caught::Midway,
        _ => Caught::After,
    }
}

fn user(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    const fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }
}
