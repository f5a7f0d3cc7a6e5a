//! `POST /graphql` and `POST /graphql/v2`.

mod document;

pub(crate) use document::{Asked, Object, Operation};

use super::{
    caller::Caller,
    wire::{Fault, GraphQl},
};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

/// Who answers the calls of a schema.
pub(super) trait Answers: Sync {
    /// Who sends the request.
    fn caller(&self) -> &Caller;

    /// Answers one call; what was not selected is left out afterwards.
    fn answer<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<Value, Fault>>;
}

/// Answers a request, call by call; the first fault ends it.
pub(super) async fn answer(schema: &'static [Operation], body: &[u8], answers: &impl Answers) -> GraphQl {
    GraphQl(try_answer(schema, body, answers).await)
}

async fn try_answer(
    schema: &'static [Operation],
    body: &[u8],
    answers: &impl Answers,
) -> Result<Value, Fault> {
    let calls = match read(schema, body) {
        Ok(calls) => calls,
        Err(fault) => return Err(answers.caller().malformed(fault).await),
    };
    let mut data = Map::new();
    for asked in calls {
        let answer = answers.answer(&asked).await?;
        data.insert(asked.key.clone(), asked.select(&answer));
    }
    Ok(Value::Object(data))
}

fn read(schema: &'static [Operation], body: &[u8]) -> Result<Vec<Asked>, Fault> {
    let request = serde_json::from_slice(body).map_err(|error| {
        Fault::malformed(format!(
            "the body is not a GraphQL request (line {}, column {})",
            error.line(),
            error.column()
        ))
    })?;
    document::calls(schema, request)
}
