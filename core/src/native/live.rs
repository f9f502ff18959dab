use std::net::TcpStream;
use std::time::Duration;

use folge_protocol::wire::PATH_LIVE;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use crate::error::Error;
use crate::sync::Outgoing;

/// A connection on which the relay pushes what is new.
pub struct LiveConnection {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
}

impl std::fmt::Debug for LiveConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LiveConnection")
    }
}

const BROKEN: Error = Error::Unreachable("the live connection broke");

impl LiveConnection {
    /// Connects to the relay at an address such as `https://relay.example.no`, with the hello that
    /// a client which has synced before gives ([`Client::live_hello`]). The frames are for
    /// [`Client::live_frame`].
    ///
    /// [`Client::live_hello`]: crate::client::Client::live_hello
    /// [`Client::live_frame`]: crate::client::Client::live_frame
    /// # Errors
    /// [`Error::Unreachable`].
    pub fn open(relay_url: &str, hello: Outgoing) -> Result<Self, Error> {
        let url = relay_url.replacen("http", "ws", 1);
        let (mut socket, _) =
            tungstenite::connect(format!("{url}{PATH_LIVE}")).map_err(|_| BROKEN)?;
        socket
            .send(Message::binary(hello.body))
            .map_err(|_| BROKEN)?;
        Ok(Self { socket })
    }

    /// How long [`LiveConnection::next_frame`] waits at most; `None` for ever.
    /// # Errors
    /// [`Error::Unreachable`].
    pub fn set_timeout(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        let stream = match self.socket.get_mut() {
            MaybeTlsStream::Plain(stream) => stream,
            MaybeTlsStream::Rustls(tls) => &mut tls.sock,
            _ => return Ok(()),
        };
        stream.set_read_timeout(timeout).map_err(|_| BROKEN)
    }

    /// Waits for the next frame; `None` where nothing came in time.
    /// # Errors
    /// [`Error::Unreachable`] where the connection broke; connect again, or sync by request.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            match self.socket.read() {
                Ok(Message::Binary(frame)) => return Ok(Some(frame.to_vec())),
                Ok(Message::Close(_)) => return Err(BROKEN),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error))
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) =>
                {
                    return Ok(None);
                }
                Err(_) => return Err(BROKEN),
            }
        }
    }
}
