//! A TCP proxy on loopback that counts what passes: everything that the sockets carry, HTTP's
//! headers included; not TCP's and IP's own.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::Anything;

/// Counts in both directions. Its threads end with the program.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// The address to use instead of the relay's.
    pub(crate) url: String,
    sent: Arc<AtomicU64>,
    received: Arc<AtomicU64>,
}

fn pump(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            break;
        }
        count.fetch_add(read as u64, Ordering::Relaxed);
    }
    let _ = to.shutdown(Shutdown::Write);
}

impl Proxy {
    pub(crate) fn start(relay_url: &str) -> Anything<Self> {
        let upstream = relay_url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let (sent, received) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counts = (Arc::clone(&sent), Arc::clone(&received));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&upstream) else {
                    continue;
                };
                let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone())
                else {
                    continue;
                };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (up, down) = (Arc::clone(&counts.0), Arc::clone(&counts.1));
                thread::spawn(move || pump(client, server, &up));
                thread::spawn(move || pump(server_too, client_too, &down));
            }
        });
        Ok(Self {
            url,
            sent,
            received,
        })
    }

    /// Bytes since the last call, both ways.
    pub(crate) fn take(&self) -> u64 {
        self.sent.swap(0, Ordering::Relaxed) + self.received.swap(0, Ordering::Relaxed)
    }
}
