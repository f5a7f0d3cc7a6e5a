//! A server that gives prepared answers, one after the other, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use yaopai_domain::{AppSecret, Entropy};
use yaopai_wechat::{Credentials, WeChat, WeChatHosts};

pub(crate) const SCENE: &str = "5ce0e5ce0e5ce0e5ce0e5ce0e5ce0e5c";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A prepared answer.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(body: &str) -> Self {
        Self {
            status: "200 OK",
            content_type: "text/plain".to_owned(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// The shortest thing that is told to be a JPEG.
    pub(crate) fn picture() -> Self {
        Self {
            content_type: "image/jpeg".to_owned(),
            body: vec![0xff, 0xd8, 0xff, 0xe0],
            ..Self::json("")
        }
    }
}

/// Randomness that everybody can predict.
pub(crate) struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// The server's memory and a client that talks to it.
pub(crate) struct Canned {
    pub(crate) wechat: WeChat,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    /// Gives the answers in order; the last one again and again.
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        Self::answering(move |number, _| answers.get(number).or(answers.last()).unwrap().clone()).await
    }

    /// Gives the answer that fits the number of the request and what was asked.
    pub(crate) async fn answering(choose: impl Fn(usize, &str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: url::Url = format!("http://{}/", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                let answer = {
                    let mut memory = memory.lock().unwrap();
                    let answer = choose(memory.len(), &request);
                    memory.push(request);
                    answer
                };
                let head = format!(
                    "HTTP/1.1 {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    answer.status,
                    answer.content_type,
                    answer.body.len()
                );
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&answer.body).await.unwrap();
            }
        });
        Self {
            wechat: client(url),
            asked,
        }
    }

    /// The requests so far: request line, blank, body.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

pub(crate) fn client(url: url::Url) -> WeChat {
    at(WeChatHosts {
        api: url.clone(),
        open: url.clone(),
        poll: url,
    })
}

/// A client of WeChat itself, to make addresses with.
pub(crate) fn real() -> WeChat {
    at(WeChatHosts::real())
}

fn at(hosts: WeChatHosts) -> WeChat {
    #[expect(clippy::disallowed_methods, reason = "the test is the program here")]
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    WeChat::new(hosts, http)
}

pub(crate) fn app() -> Credentials {
    Credentials {
        app_id: "wx00112233445566aa".to_owned(),
        app_secret: AppSecret::new(SECRET),
    }
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse::<usize>().unwrap());
            if body.len() >= length {
                return format!("{} {body}", head.lines().next().unwrap());
            }
        }
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        assert_ne!(read, 0, "the request ends early");
        bytes.extend_from_slice(&part[..read]);
    }
}
