//! Serving the router over HTTP, where no Runtime API is.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot};

use crate::{Error, signals::Signals, stderr::say, variable::variable};

/// Serves HTTP until a signal, then finishes the requests in flight; a second signal ends that too.
pub(crate) async fn serve(router: Router, mut signals: Signals) -> Result<(), Error> {
    let wanted = address(variable("TRAP_HOST"), variable("PORT"))?;
    let listener = TcpListener::bind(wanted).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortInUse { address: wanted },
        _ => Error::Listen { address: wanted, source },
    })?;
    // Differs from what was wanted when that was port 0.
    let address = listener.local_addr().map_err(|source| Error::Listen { address: wanted, source })?;
    say(format_args!("listening on http://{address}"));

    let (ask, asked) = oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        // An error means that `ask` was dropped, and this server with it.
        let _ = asked.await;
    });
    let stop = async {
        signals.next().await;
        say(format_args!("finishing requests in flight, then ending"));
        // An error means that the server has ended already.
        let _ = ask.send(());
        signals.next().await;
    };
    tokio::select! {
        served = server => served.map_err(Error::Serve),
        () = stop => Ok(()),
    }
}

/// Where to listen, from the values of `TRAP_HOST` and `PORT`.
fn address(host: Option<String>, port: Option<String>) -> Result<SocketAddr, Error> {
    let ip = match host {
        Some(value) => value.parse::<IpAddr>().map_err(|_| Error::Setting {
            name: "TRAP_HOST",
            value,
            kind: "IP address",
            hint: "set `TRAP_HOST` to `127.0.0.1`, `0.0.0.0` or another address",
        })?,
        None => Ipv4Addr::LOCALHOST.into(),
    };
    let port = match port {
        Some(value) => value.parse::<u16>().map_err(|_| Error::Setting {
            name: "PORT",
            value,
            kind: "port number",
            hint: "set `PORT` to a number from 0 to 65535, or unset it for 3000",
        })?,
        None => 3000,
    };
    Ok(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(host: Option<&str>, port: Option<&str>) -> Result<String, String> {
        address(host.map(str::to_owned), port.map(str::to_owned))
            .map(|address| address.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_default_is_loopback_even_when_a_port_is_set() {
        assert_eq!(listen(None, None).as_deref(), Ok("127.0.0.1:3000"));
        assert_eq!(listen(None, Some("8080")).as_deref(), Ok("127.0.0.1:8080"));
    }

    #[test]
    fn an_address_opens_the_program_to_the_network() {
        assert_eq!(listen(Some("0.0.0.0"), Some("8080")).as_deref(), Ok("0.0.0.0:8080"));
        assert_eq!(listen(Some("::"), None).as_deref(), Ok("[::]:3000"));
    }

    #[test]
    fn what_is_no_address_is_refused_by_the_name_of_its_variable() {
        assert_eq!(
            listen(Some("my-machine"), None),
            Err("`TRAP_HOST` is `my-machine`, which is no IP address".to_owned())
        );
        for port in ["http", "65536", "-1", " 80"] {
            assert_eq!(listen(None, Some(port)), Err(format!("`PORT` is `{port}`, which is no port number")));
        }
    }
}
