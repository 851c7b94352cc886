//! `kefu adapt channel mock`: the service's side of a channel, for trying a whole round trip without the service.

mod server;

use std::{fs::File, io::Write as _, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use clap::ValueHint;
use http::{Request, header};
use kefu_app::{App, Exit, Failure, Text};
use kefu_channel::{Fault, Mock, REDIRECT_SETTING, Signed, redirected};
use kefu_upstream::{Endpoint, HttpClient, HttpSettings, Reach, TlsSettings};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

use self::server::Service;
use super::{files, sign};
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  # kefu with a copy of the file whose requests go to the mock
  kefu adapt channel mock feishu --values feishu.env --write-file local.yaml \\
      --to http://127.0.0.1:8080/channels/feishu

  # What a customer writes, and two examples of the file first
  echo 你好 | kefu adapt channel mock kik.yaml --values kik.env --to http://127.0.0.1:8080/… \\
      --deliver 'a text' --deliver 'a picture'

The copy has a setting `mock_url` more, which is the address that the mock prints.

Exit codes:
   0  stopped
  65  the file has no example that a text can be made of, or it cannot be signed
  69  the address is taken
  73  the copy cannot be written
  78  the file cannot be used";

/// How long kefu may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Bytes of kefu's answer at most.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Lines of standard input that wait.
const LINES_MAX: usize = 16;

/// What `kefu adapt channel mock` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct MockArgs {
    /// File, or name of a channel that comes with kefu
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Address at which kefu finds the service
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8099", help_heading = "Service")]
    pub listen: SocketAddr,

    /// Where kefu takes the service's requests
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, help_heading = "Service")]
    pub to: Option<String>,

    /// Post this example of the file at the start; may be given several times
    #[arg(long, value_name = "NAME", requires = "to", help_heading = "Service")]
    pub deliver: Vec<String>,

    /// Read values of secrets and settings from this file of lines NAME=VALUE [default: variables KEFU_CHANNEL_NAME]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Service")]
    pub values: Option<PathBuf>,

    /// Write a copy of the file for kefu whose requests go to the mock
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Service")]
    pub write_file: Option<PathBuf>,
}

pub(super) fn run(app: &App, args: &MockArgs) -> Result<Exit, Failure> {
    let (_, yaml, channel) = files::load(&args.file)?;
    let given = sign::given_or_environment(&channel, args.values.as_deref())?;
    if let Some(copy) = &args.write_file {
        write_copy(copy, &yaml)?;
    }
    let client = args.to.as_deref().map(client).transpose()?;
    // Examples that are not there are said before anything is served.
    let mock = Mock::new(Arc::new(channel));
    for name in &args.deliver {
        let (now_ms, seed) = sign::now();
        mock.deliver(name, &given, now_ms, seed).map_err(|fault| sign::cannot_sign(&fault))?;
    }
    let stop = app.stop();
    app.block_on(async {
        let listener =
            TcpListener::bind(args.listen).await.map_err(|error| cannot_listen(args.listen, error))?;
        let address = listener.local_addr().map_err(|error| cannot_listen(args.listen, error))?;
        let service = Arc::new(Service::new(mock.at(&format!("http://{address}")), given));
        app.print(&format!("listening on http://{address} ({REDIRECT_SETTING} of the copy)\n"))?;
        let customer = customer(app, &service, client.as_ref(), &args.deliver);
        tokio::select! {
            ended = server::serve(app, &service, listener) => ended.map(|()| Exit::Ok),
            ended = customer => ended.map(|()| Exit::Ok),
            () = stop.requested() => Ok(Exit::Ok),
        }
    })?
}

fn write_copy(copy: &std::path::Path, yaml: &str) -> Result<(), Failure> {
    let text = redirected(yaml).map_err(Failure::internal)?;
    let write = || File::create(copy).and_then(|mut file| file.write_all(text.as_bytes()));
    write().map_err(|error| {
        let name = copy.display();
        Failure::new(Exit::Create, Text::new(format!("cannot write {name}"), format!("无法写入 {name}")))
            .because(error)
    })
}

fn cannot_listen(address: SocketAddr, error: std::io::Error) -> Failure {
    let text = Text::new(format!("cannot listen on {address}"), format!("无法监听 {address}"));
    Failure::new(Exit::Unavailable, text).because(error)
}

fn client(url: &str) -> Result<HttpClient, Failure> {
    let unusable = |cause: String| {
        let text = Text::new(format!("cannot post to {url}"), format!("无法发送到 {url}"));
        Failure::new(Exit::Usage, text).because(cause)
    };
    let endpoint: Endpoint = url.parse().map_err(|error| unusable(format!("{error}")))?;
    if !endpoint.is_http() {
        return Err(unusable("it must begin with http:// or https://".to_owned()));
    }
    let settings = HttpSettings {
        endpoint,
        reach: Reach::Internal,
        tls: TlsSettings::default(),
        connections_max: 4,
        body_bytes_max: ANSWER_BYTES_MAX,
        authorization: None,
    };
    HttpClient::new(&settings).map_err(|error| unusable(error.to_string()))
}

/// Posts the examples, then what is typed; never ends by itself, since kefu may answer at any time.
async fn customer(
    app: &App,
    service: &Service,
    client: Option<&HttpClient>,
    examples: &[String],
) -> Result<(), Failure> {
    if let Some(client) = client {
        for name in examples {
            post(app, client, name, service.deliver(name)).await?;
        }
    }
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        match (client, service.write(text)) {
            (Some(client), Ok(Some(signed))) => post(app, client, text, Ok(signed)).await?,
            (_, Ok(None)) => app.print(&format!("> {}: it waits to be fetched\n", shown::line(text)))?,
            (None, Ok(Some(_))) => {
                app.print("> without --to nothing can be posted\n")?;
            }
            (_, Err(fault)) => return Err(sign::cannot_sign(&fault)),
        }
    }
    std::future::pending().await
}

/// Lines of standard input. Its thread ends with the input or with the program: a read cannot be called off.
fn lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(LINES_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { break };
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Posts a request and says what came back; that kefu is not there is said and does not end the mock.
async fn post(
    app: &App,
    client: &HttpClient,
    what: &str,
    signed: Result<Signed, Fault>,
) -> Result<(), Failure> {
    let signed = signed.map_err(|fault| sign::cannot_sign(&fault))?;
    let said = match request(client, &signed) {
        Err(why) => why,
        Ok(request) => match timeout(ANSWER_MAX, client.send(request)).await {
            Err(_) => format!("no answer within {} s", ANSWER_MAX.as_secs()),
            Ok(Err(trouble)) => trouble.to_string(),
            Ok(Ok(answer)) => format!("{} {}", answer.status(), server::excerpt(answer.body())),
        },
    };
    app.print(&format!("> {}: {}\n", shown::line(what), shown::line(said.trim_end())))
}

fn request(client: &HttpClient, signed: &Signed) -> Result<Request<Bytes>, String> {
    let path = client.path();
    let and = if path.contains('?') { '&' } else { '?' };
    let target =
        if signed.query.is_empty() { path.to_owned() } else { format!("{path}{and}{}", signed.query) };
    let mut request = Request::builder().method(signed.method.as_str()).uri(target);
    let is_typed = signed.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !is_typed {
        let content_type = match signed.body.trim_ascii_start().first() {
            Some(b'{' | b'[') => "application/json",
            Some(b'<') => "text/xml; charset=utf-8",
            _ => "application/octet-stream",
        };
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    for (name, value) in &signed.headers {
        request = request.header(name, value);
    }
    request.body(Bytes::from(signed.body.clone())).map_err(|error| error.to_string())
}
