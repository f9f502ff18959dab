//! One person's way to the relay: a loopback port that carries bytes, counts them, and can be cut
//! or made slow. Unlike the browser's own emulation it holds for workers too.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How slow a network is.
#[derive(Debug, Clone, Copy)]
pub struct Slow {
    /// Bits per second, each way.
    pub bits_per_second: u64,
    /// There and back.
    pub round_trip: Duration,
}

/// See the module. Ends with the program.
#[derive(Debug, Clone)]
pub struct Network {
    state: Arc<State>,
    port: u16,
}

#[derive(Debug)]
struct State {
    to: Mutex<SocketAddr>,
    cut: AtomicBool,
    slow: Mutex<Option<Slow>>,
    /// When each way is free again, where it is slow.
    free: [Mutex<Option<Instant>>; 2],
    open: Mutex<Vec<TcpStream>>,
    sent: AtomicU64,
    received: AtomicU64,
    connections: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    /// A way to a relay.
    /// # Errors
    /// Where no port is free.
    pub fn to(relay: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State {
            to: Mutex::new(relay),
            cut: AtomicBool::new(false),
            slow: Mutex::default(),
            free: [Mutex::default(), Mutex::default()],
            open: Mutex::default(),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A browser that hangs up is no matter of ours.
                let _ = carry(&shared, stream);
            }
        });
        Ok(Self { state, port })
    }

    /// The port that leads there.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Takes the network away, open connections too.
    pub fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
        for stream in locked(&self.state.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Gives it back.
    pub fn mend(&self) {
        self.state.cut.store(false, Ordering::SeqCst);
    }

    /// Leads to another relay from now on, as where one was started anew.
    pub fn lead_to(&self, relay: SocketAddr) {
        *locked(&self.state.to) = relay;
        for stream in locked(&self.state.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Makes new connections slow, or with `None` quick again.
    pub fn slow(&self, slow: Option<Slow>) {
        *locked(&self.state.slow) = slow;
    }

    /// Bytes that went to the relay, and that came from it, since the start.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::SeqCst);
        (load(&self.state.sent), load(&self.state.received))
    }

    /// Connections that were made since the start.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::SeqCst)
    }
}

fn carry(state: &Arc<State>, browser: TcpStream) -> std::io::Result<()> {
    if state.cut.load(Ordering::SeqCst) {
        return browser.shutdown(Shutdown::Both);
    }
    state.connections.fetch_add(1, Ordering::SeqCst);
    let relay = TcpStream::connect(*locked(&state.to))?;
    for stream in [&browser, &relay] {
        stream.set_nodelay(true)?;
        locked(&state.open).push(stream.try_clone()?);
    }
    let slow = *locked(&state.slow);
    for (way, from, to) in [
        (0, browser.try_clone()?, relay.try_clone()?),
        (1, relay, browser),
    ] {
        let state = Arc::clone(state);
        std::thread::spawn(move || pump(&state, way, from, to, slow));
    }
    Ok(())
}

/// Carries one way of a connection until it ends.
fn pump(
    state: &Arc<State>,
    way: usize,
    mut from: TcpStream,
    mut to: TcpStream,
    slow: Option<Slow>,
) {
    let (sender, queue) = mpsc::channel::<(Instant, Vec<u8>)>();
    let shared = Arc::clone(state);
    let writer = std::thread::spawn(move || {
        // The greeting of the two ends takes a round trip before the first byte.
        let mut greeting = slow.filter(|_| way == 0).map(|slow| slow.round_trip);
        for (read_at, bytes) in queue {
            if let Some(slow) = slow {
                let arrives = read_at + greeting.take().unwrap_or_default() + slow.round_trip / 2;
                let takes = Duration::from_nanos(
                    bytes.len() as u64 * 8 * 1_000_000_000 / slow.bits_per_second.max(1),
                );
                let due = {
                    let mut free = locked(&shared.free[way]);
                    let due = free.unwrap_or(arrives).max(arrives) + takes;
                    *free = Some(due);
                    due
                };
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            if shared.cut.load(Ordering::SeqCst) {
                break;
            }
            let count = if way == 0 {
                &shared.sent
            } else {
                &shared.received
            };
            // Before they go: who has got them may ask at once.
            count.fetch_add(bytes.len() as u64, Ordering::SeqCst);
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    // Small pieces where it is slow, so that connections share the way.
    let mut buffer = vec![0; if slow.is_some() { 1_400 } else { 64 * 1024 }];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0
            || sender
                .send((Instant::now(), buffer[..count].to_vec()))
                .is_err()
        {
            break;
        }
    }
    drop(sender);
    let _ = writer.join();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut copy = stream.try_clone().unwrap();
                    std::io::copy(&mut copy, &mut stream)
                });
            }
        });
        addr
    }

    fn round_trip(stream: &mut TcpStream, bytes: usize) -> std::io::Result<()> {
        stream.write_all(&vec![7; bytes])?;
        stream.read_exact(&mut vec![0; bytes])
    }

    #[test]
    fn bytes_are_carried_and_counted_and_a_cut_ends_everything() {
        let network = Network::to(echo()).unwrap();
        let connect = || TcpStream::connect(("127.0.0.1", network.port())).unwrap();
        let mut stream = connect();
        round_trip(&mut stream, 100_000).unwrap();
        assert_eq!(network.bytes(), (100_000, 100_000));
        network.cut();
        assert!(round_trip(&mut stream, 1).is_err());
        assert!(round_trip(&mut connect(), 1).is_err());
        network.mend();
        round_trip(&mut connect(), 1).unwrap();
        let (sent, received) = network.bytes();
        assert_eq!((sent, received), (100_001, 100_001));
    }

    #[test]
    fn a_slow_network_takes_its_time() {
        let network = Network::to(echo()).unwrap();
        network.slow(Some(Slow {
            bits_per_second: 800_000,
            round_trip: Duration::from_millis(100),
        }));
        let start = Instant::now();
        let mut stream = TcpStream::connect(("127.0.0.1", network.port())).unwrap();
        // 0.1 s of greeting, 0.1 s of way; 0.2 s to get 20 KB through, there while it comes back.
        round_trip(&mut stream, 20_000).unwrap();
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(390), "{took:?}");
        assert!(took < Duration::from_millis(5_000), "{took:?}");
    }
}
