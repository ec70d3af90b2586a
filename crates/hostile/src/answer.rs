//! An endpoint that answers as a test says.

use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A JSON-RPC endpoint on loopback. Answers each request with what `answer` says, `result` or `error`; its address.
pub async fn serve(answer: impl Fn(&Value) -> Value + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move { converse(stream, &*answer).await });
        }
    });
    url
}

async fn converse(mut stream: TcpStream, answer: &(dyn Fn(&Value) -> Value + Send + Sync)) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let end = text.find("\r\n\r\n").zip(length).map(|(head, length): (usize, usize)| (head + 4, head + 4 + length));
        let Some((start, end)) = end.filter(|(_, end)| bytes.len() >= *end) else {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
            continue;
        };
        let asked: Value = serde_json::from_slice(&bytes[start..end]).unwrap();
        bytes.drain(..end);
        let mut said = answer(&asked);
        (said["jsonrpc"], said["id"]) = ("2.0".into(), asked["id"].clone());
        let said = said.to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", said.len());
        if stream.write_all((head + &said).as_bytes()).await.is_err() {
            return;
        }
    }
}
