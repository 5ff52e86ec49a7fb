//! Socket activation: a parent process, such as systemd, holds the socket, so that clients wait while
//! the program is replaced. See `sd_listen_fds(3)`.

use std::{io, net::TcpListener};

use listenfd::ListenFd;

/// Why the sockets of the parent cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketActivationError {
    /// There is more than one.
    #[error(
        "the parent process passes {0} sockets, and one is supported; \
         keep one `ListenStream` in the socket unit"
    )]
    Several(usize),
    /// It is a socket of another type.
    #[error("the socket of the parent process is not a TCP socket; use an address with a port")]
    NotTcp(#[source] io::Error),
}

/// The socket that the parent holds; none if it passes none. Removes the variables that describe it
/// from the environment.
///
/// # Errors
/// [`SocketActivationError`] if it cannot be used.
pub(super) fn inherited_listener() -> Result<Option<TcpListener>, SocketActivationError> {
    let mut sockets = ListenFd::from_env();
    match sockets.len() {
        0 => Ok(None),
        1 => sockets.take_tcp_listener(0).map_err(SocketActivationError::NotTcp),
        several => Err(SocketActivationError::Several(several)),
    }
}
