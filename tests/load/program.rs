//! The program, its sources, and its resource usage.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

/// The article that every build changes.
const EDITED: &str = "gebruikercentraal/blog/2026/02/12-pdf-of-webpagina.md";
/// URL of that article.
pub(crate) const EDITED_URL: &str = "https://www.gebruikercentraal.example/blog/pdf-of-webpagina/";
/// Prefix of its title; the number of the edit follows.
pub(crate) const EDITED_TITLE: &str = "Bewerking ";

/// Smaller caches than by default, so that they are full when the measurement starts.
const LIMITS: &str =
    "[limits]\nresponse_cache_bytes_max = 8388608\ndocument_cache_bytes_max = 2097152";

/// The sources of the demo and a data folder, in a temporary folder.
pub(crate) struct Installation {
    folder: TempDir,
    /// Original text of the changed article.
    article: String,
}

impl Installation {
    /// A copy of the fixtures, without a generation.
    pub(crate) fn new() -> Result<Self> {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        let folder = TempDir::new()?;
        copy(&fixtures, &folder.path().join("fixtures"))?;
        let article = fs::read_to_string(folder.path().join("fixtures").join(EDITED))?;
        let installation = Self { folder, article };
        let config = fs::read_to_string(installation.config())?;
        let (top, sources) = config.split_once("[[source]]").context("a source")?;
        fs::write(installation.config(), format!("{top}{LIMITS}\n\n[[source]]{sources}"))?;
        installation.edit(0)?;
        Ok(installation)
    }

    /// Adds lines to the configuration.
    pub(crate) fn configure(&self, lines: &str) -> Result<()> {
        let config = fs::read_to_string(self.config())?;
        Ok(fs::write(self.config(), config + lines)?)
    }

    /// Folder of the fixtures.
    pub(crate) fn fixtures(&self) -> PathBuf {
        self.folder.path().join("fixtures")
    }

    fn config(&self) -> PathBuf {
        self.fixtures().join("demo.toml")
    }

    /// A command of the program with this installation.
    fn command(&self, name: &str) -> Result<Command> {
        let program = std::env::current_exe()?.with_file_name("wegwijzer");
        ensure!(program.is_file(), "build the program first, in the same profile: `cargo build`");
        let mut command = Command::new(program);
        command.arg(name).arg("--config").arg(self.config());
        command.arg("--data").arg(self.folder.path().join("data"));
        for name in ["WEGWIJZER_DATA", "WEGWIJZER_LISTEN", "WEGWIJZER_PUBLIC_URL", "WEGWIJZER_LOG"]
        {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        Ok(command)
    }

    /// Builds and publishes changes.
    pub(crate) fn build(&self) -> Result<()> {
        let output = self.command("index")?.output()?;
        if !output.status.success() {
            bail!("a build failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Changes the article and builds every second until `end`. Returns the number of builds.
    pub(crate) fn build_every_second(&self, end: Instant) -> Result<u64> {
        let mut edits = 0;
        let mut next = Instant::now();
        while next < end {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            edits += 1;
            self.edit(edits)?;
            self.build()?;
            next = (next + Duration::from_secs(1)).max(Instant::now());
        }
        Ok(edits)
    }

    fn edit(&self, number: u64) -> Result<()> {
        let mut lines = self.article.lines().map(|line| {
            if line.starts_with("titel:") {
                format!("titel: {EDITED_TITLE}{number}\n")
            } else {
                format!("{line}\n")
            }
        });
        let text: String = lines.by_ref().collect();
        ensure!(text.contains(EDITED_TITLE), "the article has no title to change");
        Ok(fs::write(self.fixtures().join(EDITED), text)?)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// The program, running until dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Log>,
}

/// Events in the log since the start.
#[derive(Default)]
struct Log {
    swaps: AtomicU64,
    errors: Mutex<Vec<String>>,
}

impl Program {
    /// Serves an installation on a free port.
    pub(crate) fn serve(installation: &Installation) -> Result<Self> {
        let mut command = installation.command("serve")?;
        command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("piped")?).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("address=")?;
            address.trim().parse().ok()
        });
        let log = Arc::new(Log::default());
        let sink = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.contains("serving a new generation") {
                    sink.swaps.fetch_add(1, Ordering::Relaxed);
                } else if line.contains(" ERROR ") || line.contains("panicked") {
                    sink.errors.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            }
        });
        Ok(Self { child, address: address.context("the program does not listen")?, log })
    }

    /// Process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Number of generations that were loaded.
    pub(crate) fn swaps(&self) -> u64 {
        self.log.swaps.load(Ordering::Relaxed)
    }

    /// Errors in the log.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.log.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
