//! Shows the progress of a build: bars on a terminal, a line per stage elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indexer::ingest::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// Interval at which a bar is redrawn, even without progress.
const TICK: Duration = Duration::from_millis(100);
const COUNTED: &str = "{msg:<24} [{bar:30}] {human_pos}/{human_len}  {eta} left";
const UNCOUNTED: &str = "{msg:<24} {spinner} {human_pos}  {elapsed}";

/// Progress on standard error.
pub(super) struct Console {
    is_terminal: bool,
    stage: Mutex<Option<Stage>>,
}

/// The current stage.
struct Stage {
    name: String,
    started: Instant,
    bar: ProgressBar,
}

impl Console {
    /// Shows progress as bars if standard error is a terminal.
    pub(super) fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), stage: Mutex::new(None) }
    }

    fn stage(&self) -> MutexGuard<'_, Option<Stage>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bar(&self, name: &str, total: Option<u64>) -> ProgressBar {
        if !self.is_terminal {
            return ProgressBar::hidden();
        }
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = if total.is_some() { COUNTED } else { UNCOUNTED };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is valid"));
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(TICK);
        bar
    }
}

/// Writes a line; a build continues even if standard error is closed.
fn line(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

impl Progress for Console {
    fn begin(&self, stage: &str, total: Option<u64>) {
        if !self.is_terminal {
            line(&format!("{stage} …"));
        }
        let bar = self.bar(stage, total);
        *self.stage() = Some(Stage { name: stage.to_owned(), started: Instant::now(), bar });
    }

    fn advance(&self, by: u64) {
        if let Some(stage) = &*self.stage() {
            stage.bar.inc(by);
        }
    }

    fn end(&self) {
        if let Some(stage) = self.stage().take() {
            stage.bar.finish_and_clear();
            let seconds = stage.started.elapsed().as_secs_f64();
            line(&format!("{}: {} in {seconds:.1} s", stage.name, stage.bar.position()));
        }
    }

    fn note(&self, text: &str) {
        match &*self.stage() {
            Some(stage) => stage.bar.suspend(|| line(text)),
            None => line(text),
        }
    }
}
