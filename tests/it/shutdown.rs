//! SIGTERM at any moment of the start.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Installation, program, repository};

/// Moments after the program catches signals, in milliseconds.
const MOMENTS_MS: [u64; 8] = [0, 10, 40, 100, 200, 400, 700, 1_000];

/// The program, killed when dropped.
struct Program(Child);

impl Program {
    /// Starts the program, and waits until it catches SIGTERM. Before that, the operating system
    /// ends it.
    fn start(mut command: Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut program = Self(command.spawn().expect("the program runs"));
        let started = Instant::now();
        let status = format!("/proc/{}/status", program.0.id());
        loop {
            let ended = program.0.try_wait().expect("a child");
            assert_eq!(ended, None, "the program ends before it catches SIGTERM");
            let text = fs::read_to_string(&status).expect("a running process");
            let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = u64::from_str_radix(caught.expect("a mask").trim(), 16).expect("a mask");
            if caught & (1 << (Signal::TERM.as_raw() - 1)) != 0 {
                return program;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "SIGTERM is not caught");
            thread::yield_now();
        }
    }

    /// Sends SIGTERM. The exit code of the program, which must end within two seconds.
    fn terminate(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.0), Signal::TERM).expect("a running process");
        let sent = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status.code();
            }
            assert!(sent.elapsed() < Duration::from_secs(2), "still running after SIGTERM");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address that accepts connections and never responds.
fn silent_address() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

#[test]
fn sigterm_while_other_services_do_not_respond_must_end_the_program() {
    let installation = Installation::small();
    installation.build();
    let (_listener, address) = silent_address();
    let config = format!(
        "[authentication]\nissuer = \"https://i.example/\"\naudience = \"a\"\n\
         jwks = \"http://{address}/jwks\"\n\
         [[subgraph]]\nname = \"leren\"\nurl = \"http://{address}/graphql\"\n[[source]]"
    );
    let text = fs::read_to_string(installation.config()).expect("a file");
    fs::write(installation.config(), text.replacen("[[source]]", &config, 1)).expect("writable");
    for moment in MOMENTS_MS {
        let program = Program::start(installation.program(&["serve", "--listen", "127.0.0.1:0"]));
        thread::sleep(Duration::from_millis(moment));
        assert_eq!(program.terminate(), Some(0), "after {moment} ms");
    }
}

#[test]
fn sigterm_while_the_demo_is_built_must_end_the_program() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    for moment in MOMENTS_MS {
        let mut command = Command::new(program());
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        command.current_dir(repository());
        let program = Program::start(command);
        assert!(moment > 0 || !data.join("CURRENT").exists(), "not caught during the build");
        thread::sleep(Duration::from_millis(moment));
        assert_eq!(program.terminate(), Some(0), "after {moment} ms");
    }
}
