//! Polling a Lambda Runtime API by `lambda_runtime`, until there is a reason to stop.

use std::env;

use lambda_runtime::{
    Error as BoxError, LambdaInvocation, Runtime,
    layers::TracingLayer,
    tower::{Service, ServiceExt, layer::layer_fn},
};
use tokio::sync::watch;

use crate::{Error, parent::Parent, signals::Signals};

/// Polls until a signal, or until the parent process is gone. The runtime is not made before its variables are known
/// to be there.
pub(crate) async fn poll<S>(
    runtime: impl FnOnce() -> Runtime<S>,
    mut signals: Signals,
    parent: Parent,
) -> Result<(), Error>
where
    S: Service<LambdaInvocation, Response = (), Error = BoxError>,
{
    check_variables()?;

    let (busy, mut idle) = watch::channel(false);
    // Around everything that happens to one event, posting the answer included.
    let mark_busy = layer_fn(|service| {
        let busy = busy.clone();
        ServiceExt::map_future(service, move |answered| {
            let busy = busy.clone();
            async move {
                busy.send_replace(true);
                let posted = answered.await;
                busy.send_replace(false);
                posted
            }
        })
    });
    let polling = runtime().layer(TracingLayer::new()).layer(mark_busy).run();

    let asked = async {
        signals.next().await;
        tokio::select! {
            // An error means that nothing can be in flight any more.
            _ = idle.wait_for(|busy| !busy) => {}
            () = signals.next() => {}
        }
    };
    tokio::select! {
        // In this order: whoever ends together with the Runtime API was not failed by it.
        biased;
        () = parent.gone() => Ok(()),
        () = asked => Ok(()),
        ended = polling => ended.map_err(Error::Poll),
    }
}

/// What lambda_runtime reads first and would panic about.
fn check_variables() -> Result<(), Error> {
    for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    {
        if env::var_os(name).is_none() {
            return Err(Error::Variable { name, problem: "missing" });
        }
    }
    let name = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    match env::var(name).is_ok_and(|value| value.parse::<i32>().is_ok()) {
        true => Ok(()),
        false => Err(Error::Variable { name, problem: "not a number" }),
    }
}
