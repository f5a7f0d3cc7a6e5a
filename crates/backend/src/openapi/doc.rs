//! What people read about an endpoint, kept beside its handler.

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Writes the schema of a type.
pub(super) type WriteSchema = fn(&mut SchemaGenerator) -> Schema;

/// What people read about an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Doc {
    /// Its name for programs that are made from the document: `list_operators`.
    pub(super) id: &'static str,
    /// What it does, in one sentence.
    pub(super) summary: &'static str,
    /// What stands behind the `?`: an object whose properties are the parameters.
    pub(super) query: Option<WriteSchema>,
    /// The JSON it takes.
    pub(super) body: Option<WriteSchema>,
    /// What it answers when all goes well.
    pub(super) answers: Vec<Answer>,
    /// What it answers otherwise, if that is no problem.
    pub(super) fault: Option<WriteSchema>,
}

/// One good answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) what: &'static str,
    pub(super) content: Option<(&'static str, WriteSchema)>,
}

impl Doc {
    /// An endpoint that takes no body and answers nothing yet.
    pub(crate) const fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            query: None,
            body: None,
            answers: Vec::new(),
            fault: None,
        }
    }

    /// It tells errors as `T`.
    pub(crate) fn fails<T: JsonSchema>(self) -> Self {
        Self {
            fault: Some(named::<T>),
            ..self
        }
    }

    /// Its query parameters are the fields of `T`.
    pub(crate) fn query<T: JsonSchema>(self) -> Self {
        Self {
            query: Some(inline::<T>),
            ..self
        }
    }

    /// It takes `T` as JSON.
    pub(crate) fn takes<T: JsonSchema>(self) -> Self {
        Self {
            body: Some(named::<T>),
            ..self
        }
    }

    /// It answers `T` as JSON.
    pub(crate) fn answers<T: JsonSchema>(self, status: StatusCode, what: &'static str) -> Self {
        self.with(status, what, Some(("application/json", named::<T>)))
    }

    /// It answers a stream of server-sent events whose data is `T`.
    pub(crate) fn streams<T: JsonSchema>(self, what: &'static str) -> Self {
        self.with(StatusCode::OK, what, Some(("text/event-stream", named::<T>)))
    }

    /// It answers lines of JSON, each a `T`.
    pub(crate) fn answers_lines<T: JsonSchema>(self, what: &'static str) -> Self {
        self.with(StatusCode::OK, what, Some(("application/x-ndjson", named::<T>)))
    }

    /// It answers text of this media type.
    pub(crate) fn answers_text(self, media_type: &'static str, what: &'static str) -> Self {
        self.with(StatusCode::OK, what, Some((media_type, named::<String>)))
    }

    /// It answers without a body.
    pub(crate) fn answers_nothing(self, status: StatusCode, what: &'static str) -> Self {
        self.with(status, what, None)
    }

    fn with(
        mut self,
        status: StatusCode,
        what: &'static str,
        content: Option<(&'static str, WriteSchema)>,
    ) -> Self {
        self.answers.push(Answer {
            status,
            what,
            content,
        });
        self
    }
}

/// By its name among the components.
pub(super) fn named<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn inline<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}
