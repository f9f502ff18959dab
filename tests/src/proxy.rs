//! Somebody on the way between a device and its relay: carries requests by HTTP, and gives back
//! what it makes of the replies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use folge_core::Error;
use folge_core::native::HttpRelay;
use folge_protocol::codec::Encode;

/// What is made of a reply: the path and the reply's body in, the body that is given back out.
pub type Tamper = Box<dyn FnMut(&str, Vec<u8>) -> Vec<u8> + Send>;

/// A proxy on a loopback port that tampers with replies.
pub struct TamperingProxy {
    /// Its address.
    pub url: String,
    tamper: Arc<Mutex<Tamper>>,
}

impl std::fmt::Debug for TamperingProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TamperingProxy")
    }
}

impl TamperingProxy {
    /// Starts one before a relay. It carries everything unchanged until told otherwise, and ends
    /// with the program.
    /// # Errors
    /// Where no port is free.
    pub fn start(relay: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let tamper: Arc<Mutex<Tamper>> = Arc::new(Mutex::new(Box::new(|_, reply| reply)));
        let (shared, relay) = (Arc::clone(&tamper), relay.to_owned());
        std::thread::spawn(move || {
            let relay = HttpRelay::new(&relay);
            for stream in listener.incoming().flatten() {
                // A device that hangs up is no matter of the proxy's.
                let _ = serve(stream, |path, body| {
                    let reply = relay.post(path, body)?;
                    let mut tamper = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    Ok(tamper(path, reply))
                });
            }
        });
        Ok(Self { url, tamper })
    }

    /// Changes what is made of replies from now on.
    pub fn tamper(&self, with: impl FnMut(&str, Vec<u8>) -> Vec<u8> + Send + 'static) {
        *self.tamper.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(with);
    }
}

/// Takes one request from a connection, and answers it: with a body, or as the relay answers that
/// error.
/// # Errors
/// The connection's.
pub(crate) fn serve(
    stream: TcpStream,
    answer: impl FnOnce(&str, &[u8]) -> Result<Vec<u8>, Error>,
) -> std::io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    input.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut length = 0;
    loop {
        line.clear();
        input.read_line(&mut line)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    let (status, reply) = match answer(&path, &body) {
        Ok(reply) => (200, reply),
        Err(Error::Relay(error)) => (error.status(), error.to_bytes()),
        Err(_) => (502, Vec::new()),
    };
    let mut output = stream;
    write!(
        output,
        "HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    )?;
    output.write_all(&reply)
}
