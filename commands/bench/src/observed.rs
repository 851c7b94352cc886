//! Where a server's use of its machine is told: by the system of this machine, or by the server itself.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use kefu_app::{Failure, Text};

use crate::{
    args::WatchArgs,
    process::{self, Detail, Usage},
    target::Url,
    usage,
};

/// Metrics are read so often.
const EVERY: Duration = Duration::from_millis(500);
/// An answer that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(5);
/// A longer one is refused.
const ANSWER_MAX: u64 = 8 << 20;

/// What is watched.
#[derive(Clone, Debug)]
pub(crate) enum Observed {
    Nothing,
    /// A process of this machine.
    Process(u32),
    /// What a server tells for Prometheus.
    Metrics(Arc<Mutex<Told>>),
}

/// What a server told last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    usage: Usage,
    detail: Detail,
}

impl Observed {
    /// What the command line says, or else the process of this machine that listens at the target.
    ///
    /// # Errors
    ///
    /// The metrics that are to be read cannot be.
    pub(crate) fn find(args: &WatchArgs, target: SocketAddr, allowed: &[String]) -> Result<Self, Failure> {
        if let Some(url) = &args.server_metrics {
            return follow(url, args, allowed);
        }
        let listener = || target.ip().is_loopback().then(|| process::listener(target.port()))?;
        Ok(args.server_pid.or_else(listener).map_or(Self::Nothing, Self::Process))
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        match self {
            Self::Process(pid) => Some(*pid),
            Self::Nothing | Self::Metrics(_) => None,
        }
    }

    /// Memory and processor time at this moment; of metrics, when they were read last.
    pub(crate) fn usage(&self) -> Option<Usage> {
        match self {
            Self::Nothing => None,
            Self::Process(pid) => process::usage(*pid),
            Self::Metrics(told) => Some(told.lock().unwrap_or_else(PoisonError::into_inner).usage),
        }
    }

    /// What else there is to know; takes its time.
    pub(crate) fn detail(&self) -> Option<Detail> {
        match self {
            Self::Nothing => None,
            Self::Process(pid) => process::detail(*pid),
            Self::Metrics(told) => Some(told.lock().unwrap_or_else(PoisonError::into_inner).detail),
        }
    }
}

/// Reads metrics now, and again and again as long as somebody looks at them.
fn follow(text: &str, args: &WatchArgs, allowed: &[String]) -> Result<Observed, Failure> {
    let cannot = || usage(format!("cannot watch the server by {text}"), format!("无法通过 {text} 观察服务"));
    let url = Url::find(text, 1, allowed, None)?;
    if url.target.tls.is_some() {
        return Err(cannot().hint(Text::new("metrics are read without TLS", "只支持不经 TLS 读取指标")));
    }
    let token = args.metrics_token_file.as_ref().map(std::fs::read_to_string).transpose();
    let token = token.map_err(|error| cannot().because(error))?;
    let authorization = match token.as_deref().map(str::trim) {
        Some(token) if token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            format!("Authorization: Bearer {token}\r\n")
        }
        Some(_) => return Err(cannot().hint(Text::new("the token is of one line", "令牌只能有一行"))),
        None => String::new(),
    };
    // Of the older version, so that the answer comes as it is and ends with the connection.
    let head = format!(
        "GET {} HTTP/1.0\r\nHost: {}\r\n{authorization}Accept: text/plain\r\nConnection: close\r\n\r\n",
        url.path, url.target.authority
    );
    let address = url.target.address;
    let told = read(address, &head).map_err(|error| cannot().because(error))?;
    let told = Arc::new(Mutex::new(told));
    let watched = Arc::downgrade(&told);
    // It ends when nobody looks any more.
    std::thread::spawn(move || keep(address, &head, &watched));
    Ok(Observed::Metrics(told))
}

fn keep(address: SocketAddr, head: &str, watched: &Weak<Mutex<Told>>) {
    loop {
        std::thread::park_timeout(EVERY);
        let Some(told) = watched.upgrade() else { return };
        match read(address, head) {
            Ok(now) => *told.lock().unwrap_or_else(PoisonError::into_inner) = now,
            Err(error) => tracing::debug!(%error, "metrics cannot be read"),
        }
    }
}

fn read(address: SocketAddr, head: &str) -> io::Result<Told> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.take(ANSWER_MAX).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        return Err(io::Error::other(format!("the answer has status {status:?}")));
    }
    told(body).ok_or_else(|| {
        io::Error::other("process_resident_memory_bytes or process_cpu_seconds_total is missing")
    })
}

/// What is known of the process, of the names that all clients of Prometheus give it.
fn told(text: &str) -> Option<Told> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.split_ascii_whitespace().next()?.parse::<f64>().ok().filter(|value| value.is_finite())
    };
    let rss = value("process_resident_memory_bytes")? as u64;
    let cpu = Duration::try_from_secs_f64(value("process_cpu_seconds_total")?).ok()?;
    let fds = value("process_open_fds").unwrap_or_default() as usize;
    // What the most ever was is not among them.
    Some(Told { usage: Usage { rss, cpu }, detail: Detail { rss_peak: rss, fds } })
}

#[cfg(test)]
mod tests {
    use std::{io::BufRead as _, io::BufReader, net::TcpListener};

    use super::*;

    const TEXT: &str = "# HELP process_cpu_seconds x\n# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total 1.25\n\
        process_resident_memory_bytes 2.5e+07 1700000000\nprocess_open_fds 12\nprocess_open_fds_other 13\n# EOF\n";

    #[test]
    fn what_a_process_tells_of_itself_is_read() {
        let Told { usage, detail } = told(TEXT).unwrap();
        assert_eq!((usage.rss, usage.cpu, detail.fds), (25_000_000, Duration::from_millis(1250), 12));
        assert!(told(&TEXT.replace("process_cpu", "cpu")).is_none());
        assert!(told(&TEXT.replace("1.25", "-1")).is_none());
        assert!(told(&TEXT.replace("1.25", "NaN")).is_none());
    }

    /// Answers each request with this; gives its address and what the first said.
    fn server(answer: String) -> (SocketAddr, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = String::new();
            for line in
                BufReader::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty())
            {
                asked += &line;
                asked.push('\n');
            }
            stream.write_all(answer.as_bytes()).unwrap();
            asked
        });
        (address, asked)
    }

    fn args(address: SocketAddr, token: Option<&std::path::Path>) -> WatchArgs {
        WatchArgs {
            server_pid: None,
            server_metrics: Some(format!("http://{address}/metrics")),
            metrics_token_file: token.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn a_server_is_watched_by_its_metrics() {
        let dir = tempfile::tempdir().unwrap();
        let token = dir.path().join("token");
        std::fs::write(&token, "hush\n").unwrap();
        let (address, asked) = server(format!("HTTP/1.0 200 OK\r\nX: y\r\n\r\n{TEXT}"));
        let observed = Observed::find(&args(address, Some(&token)), address, &[]).unwrap();
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("GET /metrics HTTP/1.0\n"), "{asked}");
        assert!(asked.contains("\nAuthorization: Bearer hush\n"), "{asked}");
        assert_eq!((observed.usage().unwrap().rss, observed.detail().unwrap().fds), (25_000_000, 12));
        assert_eq!(observed.pid(), None);
    }

    #[test]
    fn what_tells_nothing_is_refused_before_the_run() {
        for answer in ["HTTP/1.1 401 Unauthorized\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nup 1\n", "nonsense"] {
            let (address, asked) = server(answer.to_owned());
            assert!(Observed::find(&args(address, None), address, &[]).is_err(), "{answer}");
            asked.join().unwrap();
        }
        let here: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let elsewhere: SocketAddr = "192.0.2.1:80".parse().unwrap();
        assert!(Observed::find(&args(elsewhere, None), here, &[]).is_err());
    }
}
