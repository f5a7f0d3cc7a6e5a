//! Imports and exports as jobs of a console, against a backend on a real port.

use super::{
    backend::HttpBackend,
    http::{ANY_PORT, PATIENCE, open, shared, until, until_synced},
};
use crate::{Console, ErrorView, FileFormat, FileProblem, Job, JobKind, JobState, Link, UserQuery};
use std::{fmt::Write, path::Path};
use yaopai_domain::Code;

/// Waits for the end of a job.
async fn ended(console: &Console, id: &str) -> Job {
    let mut news = console.changes();
    let end = async {
        loop {
            let job = console.jobs().into_iter().find(|job| job.id == id).unwrap();
            if job.state != JobState::Running {
                return job;
            }
            // News that were missed are as good as news.
            drop(news.recv().await);
        }
    };
    tokio::time::timeout(PATIENCE, end).await.unwrap()
}

fn people(folder: &Path, rows: usize) -> std::path::PathBuf {
    let mut text = "nickname,phone\n,12\n".to_owned();
    for number in 0..rows {
        writeln!(text, "somebody {number},").unwrap();
    }
    let path = folder.join("people.csv");
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn an_import_counts_what_it_changed_and_reaches_the_backend() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared();
    let backend = HttpBackend::start(shared.clone(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    let path = people(folder.path(), 700);
    for changed in [700, 0] {
        let preview = console.preview_import(path.clone()).await.unwrap();
        assert_eq!((preview.rows, preview.creates, preview.errors), (701, changed, 1));
        let job = ended(&console, &console.run_import(&preview.id).unwrap()).await;
        assert_eq!(job.state, JobState::Done);
        assert_eq!(
            (job.done, job.total, job.changed),
            (701, Some(701), Some(changed as u32))
        );
    }
    until_synced(&console).await;
    assert_eq!(shared.model().users().len(), 705);
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn exports_and_imports_wait_for_the_first_load() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody answers there.
    let console = open(([127, 0, 0, 1], 9).into(), folder.path()).await;
    let refused = console
        .preview_import(people(folder.path(), 3))
        .await
        .unwrap_err();
    assert_eq!(refused.view(), ErrorView::StillLoading);
    let path = folder.path().join("export.csv");
    let job = console.export_users(UserQuery::default(), FileFormat::Csv, path.clone());
    let error = Box::new(ErrorView::StillLoading);
    assert_eq!(ended(&console, &job).await.state, JobState::Failed { error });
    assert!(!path.exists());
    console.close().await;
}

#[tokio::test]
async fn an_import_may_be_begun_on_a_thread_that_runs_no_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let backend = HttpBackend::start(shared(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    let preview = console.preview_import(people(folder.path(), 3)).await.unwrap();
    // As the window does, whose own thread hears the click.
    let click = std::thread::spawn({
        let console = console.clone();
        move || console.run_import(&preview.id).unwrap()
    });
    let job = ended(&console, &click.join().unwrap()).await;
    assert_eq!((job.state, job.changed), (JobState::Done, Some(3)));
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn a_file_that_has_changed_since_it_was_looked_at_is_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let backend = HttpBackend::start(shared(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    let path = people(folder.path(), 3);
    let preview = console.preview_import(path.clone()).await.unwrap();
    people(folder.path(), 4);
    let job = ended(&console, &console.run_import(&preview.id).unwrap()).await;
    let error = ErrorView::Exchange {
        file: path.display().to_string(),
        problem: FileProblem::Changed,
    };
    assert_eq!(
        job.state,
        JobState::Failed {
            error: Box::new(error)
        }
    );
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn with_the_access_goes_whatever_works_on_what_it_gave() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared();
    let backend = HttpBackend::start(shared.clone(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    let preview = console.preview_import(people(folder.path(), 3)).await.unwrap();
    let export = console.run_job(JobKind::Export, String::new(), |progress| async move {
        while !progress.is_cancelled() {
            tokio::task::yield_now().await;
        }
        Err(crate::Error::Cancelled)
    });
    *shared.refusal.lock().unwrap() = Some((Code::Unauthenticated, None));
    console.sync_now();
    assert_eq!(ended(&console, &export).await.state, JobState::Cancelled);
    until(&console, "denied", |status| status.link == Link::Denied).await;
    let import = console.run_import(&preview.id).unwrap();
    let job = ended(&console, &import).await;
    assert_eq!((job.state, job.changed), (JobState::Cancelled, Some(0)));
    assert_eq!((console.status().waiting, console.status().users), (0, 0));
    console.close().await;
    backend.stop().await;
}
