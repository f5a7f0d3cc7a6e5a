//! One life of a world: steps chosen by the seed, then calm, then the reckoning.

use super::{
    Ending,
    backend::{Backend, Right, no_answer},
    console::{Console, Field, failed},
    post::{Due, Post},
    tally::Tally,
    told::{Brief, Dying},
    violation::Violation,
    weather::{Weather, happens},
    witness::i11_no_secret_was_told,
    world::{Seeded, Time, WallClock},
};
use std::{fmt, sync::Arc};
use yaopai_console::simulate::{Death, Input, Machine, NoAnswer, Output, Request};
use yaopai_domain::{Act, Entropy, Outcome, PageEnd, PullPage, PullRequest, Role, Seen, UserId};
use yaopai_xtask::dice::Dice;

/// Steps before the calm.
const STEPS: u32 = 300;
/// A request that is not answered for so long is given up (milliseconds).
pub(super) const PATIENCE: i64 = 30_000;
/// The fields that people edit.
pub(super) const FIELDS: [&str; 5] = [
    "metadata.tier",
    "metadata.会员",
    "metadata.note",
    "profile.nickname",
    "profile.name",
];
/// Part of every name, so that people can be told from everything else in a file.
pub(super) const PERSONAL: &str = "金丝雀";

/// A world on its way through a seed.
pub(super) struct Life {
    pub(super) dice: Dice,
    pub(super) weather: Weather,
    pub(super) time: Time,
    pub(super) post: Post,
    pub(super) backend: Backend,
    pub(super) consoles: Vec<Console>,
    /// Every edit has a value of its own, mostly.
    pub(super) values: u64,
    pub(super) tally: Tally,
    pub(super) fingerprint: u64,
    pub(super) trace: bool,
    pub(super) step: u32,
}

impl Life {
    /// The life of a seed.
    pub(super) fn live(seed: u64, trace: bool) -> Ending {
        let mut life = match Self::new(seed, trace) {
            Ok(life) => life,
            Err(violation) => {
                return Ending {
                    tally: Tally::default(),
                    violation: Some(violation),
                    fingerprint: 0,
                };
            }
        };
        let violation = life.run().err();
        Ending {
            tally: life.tally,
            violation,
            fingerprint: life.fingerprint,
        }
    }

    fn new(seed: u64, trace: bool) -> Result<Self, Violation> {
        let mut dice = Dice::new(seed);
        let weather = Weather::of(&mut dice);
        let time = Time::default();
        let clock = WallClock::new(&time);
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded::new(dice.roll()));
        let backend = Backend::new(clock, entropy, weather.page)?;
        let mut life = Self {
            dice,
            weather,
            time,
            post: Post::default(),
            backend,
            consoles: Vec::new(),
            values: 0,
            tally: Tally::default(),
            fingerprint: 0xcbf2_9ce4_8422_2325,
            trace,
            step: 0,
        };
        life.tell(format_args!("{weather:?}"));
        for _ in 0..2 + life.dice.below(5) {
            life.make_user()?;
        }
        life.connect()?;
        life.backend.snapshot()?;
        for _ in 0..=life.dice.below(3) {
            life.add_console()?;
        }
        Ok(life)
    }

    fn run(&mut self) -> Result<(), Violation> {
        for step in 0..STEPS {
            self.step = step;
            self.live_on()?;
        }
        self.calm()?;
        self.reckon()
    }

    /// One step: the next thing that is due, or something that somebody does.
    fn live_on(&mut self) -> Result<(), Violation> {
        if happens(&mut self.dice, self.weather.power_cut) {
            self.cut_power()?;
        }
        if happens(&mut self.dice, self.weather.failover) {
            self.go_back(false)?;
        }
        if happens(&mut self.dice, self.weather.restore) {
            self.go_back(true)?;
        }
        if happens(&mut self.dice, self.weather.compaction) {
            let head = self.backend.head();
            let horizon = self.dice.below(head as u64 + 1) as i64;
            self.tell(format_args!("tombstones up to {horizon} are forgotten"));
            self.backend.compact(horizon)?;
            self.tally.count("compactions");
        }
        if happens(&mut self.dice, self.weather.clock_jump) {
            self.set_a_clock();
        }
        if happens(&mut self.dice, self.weather.rights) {
            self.change_rights();
        }
        if happens(&mut self.dice, self.weather.copy) && self.consoles.len() < 4 {
            self.copy_a_console()?;
        }
        match self.dice.below(100) {
            0..12 => self.operator()?,
            12..24 => self.elsewhere()?,
            _ => self.next_due()?,
        }
        Ok(())
    }

    // What is due.

    pub(super) fn next_due(&mut self) -> Result<(), Violation> {
        let Some((at, due)) = self.post.next() else {
            if self.consoles.iter().any(|console| console.paused) {
                return Ok(());
            }
            return Err(Violation::new("I13", "nothing will ever happen again"));
        };
        self.time.pass_to(at);
        match due {
            Due::Request {
                from,
                id,
                request,
                life,
            } => self.reach_the_backend(from, id, *request, life),
            Due::Answer {
                to,
                id,
                input,
                life,
                echo,
            } => {
                let console = &mut self.consoles[to];
                if console.dead || console.life != life {
                    return Ok(());
                }
                let awaited = match *input {
                    Input::Page(..) => console.under_way.contains_key(&id),
                    _ => console.under_way.remove(&id).is_some(),
                };
                if !(awaited || echo) {
                    return Ok(());
                }
                self.take(to, *input)
            }
            Due::Work { of, id, work, life } if self.consoles[of].life == life => {
                self.unless_dead(of, Input::Work(id, work))
            }
            Due::Hint(to) => self.unless_dead(to, Input::Hinted),
            Due::TimeUp { of, wait } if self.consoles[of].wait == wait => self.unless_dead(of, Input::TimeUp),
            Due::TimeUp { .. } | Due::Work { .. } => Ok(()),
            Due::Start(who) => {
                self.consoles[who].dead = false;
                self.consoles[who].restart()?;
                self.take(who, Input::TimeUp)
            }
        }
    }

    pub(super) fn unless_dead(&mut self, who: usize, input: Input) -> Result<(), Violation> {
        if self.consoles[who].dead {
            return Ok(());
        }
        self.take(who, input)
    }

    /// A console takes a step.
    pub(super) fn take(&mut self, who: usize, input: Input) -> Result<(), Violation> {
        let death = self.death();
        self.tell(format_args!("console {who}: {}{}", Brief(&input), Dying(death)));
        if let Input::Recalled(_, Ok(results)) = &input {
            let told = results.results.iter().map(|result| result.id);
            self.consoles[who].recalled.extend(told);
        }
        self.consoles[who].before_a_commit()?;
        let outputs = self.consoles[who].machine.take(input, death).map_err(failed)?;
        if death.is_some() {
            self.die(who);
        } else {
            for output in outputs {
                match output {
                    Output::Ask(id, request) => self.send(who, id, request),
                    Output::Work(id, work) => {
                        let at = self.time.now() + 1 + self.dice.below(20) as i64;
                        let life = self.consoles[who].life;
                        self.post.post(
                            at,
                            Due::Work {
                                of: who,
                                id,
                                work,
                                life,
                            },
                        );
                    }
                    Output::Forget => {
                        self.consoles[who].under_way.clear();
                        self.consoles[who].wait += 1;
                    }
                    Output::Wait(time) => {
                        self.consoles[who].wait += 1;
                        let wait = self.consoles[who].wait;
                        let at = self.time.now() + time.as_millis() as i64;
                        self.post.post(at, Due::TimeUp { of: who, wait });
                    }
                }
            }
        }
        self.consoles[who].check(&mut self.tally)
    }

    pub(super) fn death(&mut self) -> Option<Death> {
        happens(&mut self.dice, self.weather.death).then(|| {
            self.tally.count("deaths of a console");
            if self.dice.below(2) == 0 {
                Death::BeforeCommit
            } else {
                Death::AfterCommit
            }
        })
    }

    pub(super) fn die(&mut self, who: usize) {
        let console = &mut self.consoles[who];
        console.dead = true;
        console.under_way.clear();
        console.wait += 1;
        let at = self.time.now() + 100 + self.dice.below(5000) as i64;
        self.post.post(at, Due::Start(who));
    }

    fn send(&mut self, who: usize, id: u64, request: Request) {
        let console = &mut self.consoles[who];
        console.under_way.insert(id, request.clone());
        console.sent += 1;
        let life = console.life;
        let copies = 1 + u64::from(happens(&mut self.dice, self.weather.twice));
        for copy in 0..copies {
            if happens(&mut self.dice, self.weather.loss) {
                self.tally.count("requests lost");
                continue;
            }
            // Nobody listens to what is answered to a copy.
            let life = if copy == 0 { life } else { u64::MAX };
            if copy > 0 {
                self.tally.count("requests twice");
            }
            let at = self.time.now() + self.travel();
            let request = Box::new(request.clone());
            self.post.post(
                at,
                Due::Request {
                    from: who,
                    id,
                    request,
                    life,
                },
            );
        }
        // Whoever waits too long hears that there is no answer.
        let input = no_answer(id, &request, NoAnswer::Unreachable);
        self.post_answer(who, id, input, life, PATIENCE);
    }

    fn post_answer(&mut self, to: usize, id: u64, input: Input, life: u64, after: i64) {
        let due = Due::Answer {
            to,
            id,
            input: Box::new(input),
            life,
            echo: false,
        };
        self.post.post(self.time.now() + after, due);
    }

    /// How long a message takes (milliseconds).
    fn travel(&mut self) -> i64 {
        let long = happens(&mut self.dice, self.weather.delay);
        (1 + self.dice.below(if long { 40_000 } else { 50 })) as i64
    }

    fn reach_the_backend(
        &mut self,
        from: usize,
        id: u64,
        request: Request,
        life: u64,
    ) -> Result<(), Violation> {
        let right = self.consoles[from].right;
        let actor = format!("operator {from}");
        let head = self.backend.head();
        let mut input = self
            .backend
            .answer(right, &actor, id, &request, &mut self.tally)?;
        i11_no_secret_was_told(format!("{input:?}").as_bytes())?;
        self.tell(format_args!("backend to {from}: {}", Brief(&input)));
        if self.backend.head() != head {
            self.contest_after(from, &input, &request);
            self.hint();
        }
        if happens(&mut self.dice, self.weather.backend_death) {
            self.tally.count("deaths of the backend");
            return Ok(());
        }
        if happens(&mut self.dice, self.weather.loss) {
            self.tally.count("answers lost");
            return Ok(());
        }
        if happens(&mut self.dice, self.weather.truncation) {
            self.tally.count("answers truncated");
            input = no_answer(id, &request, NoAnswer::Incomplete);
        }
        let after = self.travel();
        if let (Input::Page(_, page), Request::Pull(pull)) = (&mut input, &request) {
            self.tally.count("pages");
            if !page.changes.is_empty() && happens(&mut self.dice, self.weather.hole) {
                let hole = self.dice.below(page.changes.len() as u64) as usize;
                let change = page.changes.remove(hole);
                self.tell(format_args!("{:?} falls out of the page", change.key));
                self.tally.count("changes fallen out");
            }
            let rest = rest_of(pull, page);
            self.post_answer(from, id, input, life, after);
            match rest {
                // One page after the other: the next one is read when this one has arrived.
                Some(pull) => {
                    let request = Box::new(Request::Pull(pull));
                    let due = Due::Request {
                        from,
                        id,
                        request,
                        life,
                    };
                    self.post.post(self.time.now() + after, due);
                }
                None => self.post_answer(from, id, Input::Ended(id, Ok(())), life, after),
            }
            return Ok(());
        }
        if happens(&mut self.dice, self.weather.echo) {
            let at = self.time.now() + after + self.travel();
            let due = Due::Answer {
                to: from,
                id,
                input: Box::new(input.clone()),
                life,
                echo: true,
            };
            self.post.post(at, due);
        }
        self.post_answer(from, id, input, life, after);
        Ok(())
    }

    /// What one console has changed is not what the others saved.
    fn contest_after(&mut self, from: usize, answer: &Input, request: &Request) {
        let (Input::Pushed(_, Ok(answer)), Request::Push(push)) = (answer, request) else {
            return;
        };
        for decided in &answer.outcomes {
            if !matches!(decided.outcome, Outcome::Applied { .. }) {
                continue;
            }
            let act = push.mutations.iter().find(|one| one.id == decided.id);
            let Some(Act::Patch(patch)) = act.map(|one| &one.act) else {
                continue;
            };
            let field: Field = (patch.user_id, patch.field.to_string());
            for (who, console) in self.consoles.iter_mut().enumerate() {
                if who != from {
                    console.contest_field(&field);
                }
            }
        }
    }

    pub(super) fn contest_all(&mut self, user: Option<UserId>) {
        for console in &mut self.consoles {
            console.contest(user);
        }
    }

    /// Whoever listens hears of a new head, mostly.
    pub(super) fn hint(&mut self) {
        for who in 0..self.consoles.len() {
            if happens(&mut self.dice, 300 + self.weather.loss) {
                continue;
            }
            let at = self.time.now() + self.travel();
            self.post.post(at, Due::Hint(who));
        }
    }

    fn add_console(&mut self) -> Result<(), Violation> {
        let clock = WallClock::new(&self.time);
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded::new(self.dice.roll()));
        let who = self.consoles.len();
        let key = format!("the key of operator {who}");
        let machine = Machine::new(Arc::new(clock.clone()), entropy, &key).map_err(failed)?;
        let right = Right::Role(Role::Admin);
        self.consoles.push(Console::new(machine, clock, right));
        self.take(who, Input::TimeUp)
    }

    /// Writes a line of the trace, and takes it into the fingerprint.
    pub(super) fn tell(&mut self, what: fmt::Arguments<'_>) {
        let line = what.to_string();
        for byte in line.bytes() {
            // FNV-1a.
            self.fingerprint = (self.fingerprint ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.trace {
            println!("{:>4} {:>8} ms  {line}", self.step, self.time.now());
        }
    }
}

/// What a pull still asks for behind a page; `None` at its end.
fn rest_of(pull: &PullRequest, page: &PullPage) -> Option<PullRequest> {
    (page.end == PageEnd::More && pull.pages > 1).then(|| PullRequest {
        cursor: page.cursor.clone(),
        seen: Some(pull.seen.map_or(page.seen, |seen| Seen::max(seen, page.seen))),
        pages: pull.pages - 1,
        ..pull.clone()
    })
}

/// A place in a list of this length; `None` if it is empty.
pub(super) fn place(dice: &mut Dice, length: usize) -> Option<usize> {
    (length > 0).then(|| dice.below(length as u64) as usize)
}
