//! What became of pushed edits.

use super::{
    columns::{Field, json, to_json, value_text},
    created,
    outbox::{ask_again, drop_overlay, forget_verdicts, is_given_up, mutation, put_chain, write_outcome},
};
use crate::Error;
use rusqlite::{Connection, OptionalExtension, params};
use yaopai_domain::{
    Act, Bug, Mutation, MutationId, NewUser, Outcome, Patch, PushAnswer, PushRejection, PushResults,
    Timestamp, next_chain, planted,
};

/// What was taken from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Edits decided for the first time, or confirmed.
    pub(crate) decided: usize,
}

/// Step P: writes down what became of pushed edits.
pub(crate) fn take_outcomes(
    connection: &Connection,
    answer: &PushAnswer,
    now: Timestamp,
) -> Result<Taken, Error> {
    let mut decided = 0;
    let mut verified = false;
    let mut last = None;
    for told in &answer.outcomes {
        let seq = told.seq.cast_signed();
        let Some(sent) = sent(connection, seq, told.id)? else {
            last = None;
            continue;
        };
        let chain = chain_before(connection, seq)?.map(|before| next_chain(&before, told.id, &told.outcome));
        verified |= sent.verify;
        write_outcome(connection, seq, &told.outcome, chain.as_deref(), now)?;
        if sent.outcome.as_ref().map(Outcome::kind) != Some(told.outcome.kind()) {
            decide(connection, &sent, &told.outcome, now)?;
        }
        decided += 1;
        last = Some((told.seq, chain));
    }
    if let Some((seq, chain)) = last
        && seq == answer.last_seq
        && chain.as_deref() != Some(answer.chain.as_str())
    {
        let seq = seq.cast_signed();
        if chain.is_some() && !verified {
            tracing::warn!("the backend decided earlier edits differently by now; asking again");
            ask_again(connection, seq, &answer.chain, now)?;
        } else {
            // What was asked again is as the backend tells it; what is older than the archive counts as told.
            put_chain(connection, seq, &answer.chain)?;
        }
    }
    Ok(Taken { decided })
}

/// Takes what became of edits that somebody else may have pushed. They are found by their ids.
pub(crate) fn take_results(
    connection: &Connection,
    results: &PushResults,
    now: Timestamp,
) -> Result<(), Error> {
    for result in &results.results {
        let seq: Option<i64> = connection
            .prepare_cached("SELECT seq FROM outbox WHERE mutation_id = ?1 AND state <> 'decided'")?
            .query_row([result.id.to_string()], |row| row.get(0))
            .optional()?;
        if let Some(seq) = seq
            && let Some(sent) = sent(connection, seq, result.id)?
        {
            write_outcome(connection, seq, &result.outcome, None, now)?;
            decide(connection, &sent, &result.outcome, now)?;
        }
    }
    Ok(())
}

struct Sent {
    mutation: Mutation,
    created_at: Timestamp,
    /// What was decided before.
    outcome: Option<Outcome>,
    /// It was decided before, and asked for again.
    verify: bool,
}

fn sent(connection: &Connection, seq: i64, id: MutationId) -> Result<Option<Sent>, Error> {
    Ok(connection
        .prepare_cached(
            "SELECT seq, mutation_id, user_id, field, base, new, act, outcome, verify, created_at FROM outbox
             WHERE seq = ?1 AND mutation_id = ?2 AND (state <> 'decided' OR verify = 1)",
        )?
        .query_row(params![seq, id.to_string()], |row| {
            let verify = row.get("verify")?;
            Ok(Sent {
                mutation: mutation(row)?,
                created_at: Timestamp(row.get("created_at")?),
                outcome: if verify { Some(json(row, "outcome")?) } else { None },
                verify,
            })
        })
        .optional()?)
}

/// The chain of outcomes before this number: empty before the first, unknown behind the archive.
fn chain_before(connection: &Connection, seq: i64) -> Result<Option<String>, Error> {
    if seq == 1 {
        return Ok(Some(String::new()));
    }
    Ok(connection
        .prepare_cached("SELECT chain FROM outbox WHERE seq = ?1 AND state = 'decided'")?
        .query_row([seq - 1], |row| row.get("chain"))
        .optional()?
        .flatten())
}

fn decide(connection: &Connection, sent: &Sent, outcome: &Outcome, now: Timestamp) -> Result<(), Error> {
    if is_given_up(&sent.mutation) {
        return Ok(());
    }
    match &sent.mutation.act {
        Act::Patch(patch) => decide_patch(connection, sent, patch, outcome, now),
        Act::Create(new) => decide_create(connection, sent, new, outcome, now),
    }
}

fn decide_patch(
    connection: &Connection,
    sent: &Sent,
    patch: &Patch,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), Error> {
    let field = Field::of_patch(patch);
    let [user, group] = field.columns();
    let mine = value_text(patch.new.as_ref());
    match outcome {
        // The overlay stays until a caught-up page includes the edit. What lost before it is superseded.
        Outcome::Applied { .. } | Outcome::Noop => {
            if planted(Bug::EarlySettle) {
                drop_overlay(connection, &field, sent.mutation.seq.cast_signed())?;
            }
            return forget_verdicts(connection, &field);
        }
        Outcome::Conflict { theirs, actor, at } => {
            drop_overlay(connection, &field, sent.mutation.seq.cast_signed())?;
            // A later edit of the same field built on one that lost, and loses with it: one conflict, newest value.
            connection
                .prepare_cached(
                    "INSERT INTO conflicts (id, user_id, field, base, mine, mine_at, theirs, actor, at, opened_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                     ON CONFLICT (user_id, field) DO UPDATE
                     SET mine = excluded.mine, mine_at = excluded.mine_at, theirs = excluded.theirs,
                         actor = excluded.actor, at = excluded.at",
                )?
                .execute(params![
                    sent.mutation.id.to_string(),
                    user,
                    group,
                    value_text(patch.base.as_ref()),
                    mine,
                    sent.created_at.0,
                    value_text(theirs.as_ref()),
                    actor,
                    at.map(|at| at.0),
                    now.0
                ])?;
        }
        Outcome::Rejected { rejection } => {
            drop_overlay(connection, &field, sent.mutation.seq.cast_signed())?;
            refuse(connection, sent, &[user, group], mine, *rejection, now)?;
        }
    }
    Ok(())
}

/// A user who was created here: on the screen from the beginning, and off it again if the backend refuses.
fn decide_create(
    connection: &Connection,
    sent: &Sent,
    new: &NewUser,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), Error> {
    let columns = [new.user_id.to_string(), created::FIELD.to_owned()];
    match outcome {
        Outcome::Applied { .. } | Outcome::Noop => Ok(()),
        Outcome::Conflict { .. } => {
            created::withdraw(connection, new.user_id)?;
            refuse(
                connection,
                sent,
                &columns,
                Some(to_json(new)?),
                PushRejection::UserExists,
                now,
            )
        }
        Outcome::Rejected { rejection } => {
            created::withdraw(connection, new.user_id)?;
            refuse(connection, sent, &columns, Some(to_json(new)?), *rejection, now)
        }
    }
}

fn refuse(
    connection: &Connection,
    sent: &Sent,
    [user, group]: &[String; 2],
    mine: Option<String>,
    rejection: PushRejection,
    now: Timestamp,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO rejected (id, user_id, field, mine, rejection, rejected_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (user_id, field) DO UPDATE
             SET id = excluded.id, mine = excluded.mine, rejection = excluded.rejection,
                 rejected_at = excluded.rejected_at",
        )?
        .execute(params![
            sent.mutation.id.to_string(),
            user,
            group,
            mine,
            to_json(&rejection)?,
            now.0
        ])?;
    Ok(())
}
