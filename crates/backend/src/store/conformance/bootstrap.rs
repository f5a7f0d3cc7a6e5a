//! What applying a bootstrap file makes.

use super::subject::{CONNECTION, Subject};
use std::collections::BTreeSet;
use yaopai_domain::Revision;

pub(crate) async fn applying_a_bootstrap_file_again_changes_nothing(subject: Subject) {
    let file = format!("{CONNECTION}\n[[user]]\nnickname = \"张伟\"\nmetadata = {{ tier = \"gold\" }}");
    subject.bootstrap(&file).await;
    let pool = Subject::pool();
    let (head, users) = (subject.store.head(&pool).await.unwrap(), subject.users().await);
    assert_eq!(head, Revision(2));
    subject.clock.turn(1000);
    subject.bootstrap(&file).await;
    assert_eq!(subject.store.head(&pool).await.unwrap(), head);
    assert_eq!(subject.users().await, users);
}

pub(crate) async fn a_connection_belongs_to_the_account_that_was_made_with_its_pool(subject: Subject) {
    // All of a file is made at one moment: by chance, the right account would not be the first in every pool.
    let pools = (0..12).map(|number| format!("p{number}"));
    let of =
        |pool: &str, more: &str| CONNECTION.replace("kind =", &format!("pool = \"{pool}\"\n{more}kind ="));
    for pool in pools {
        let named = of(&pool, "platform_account = \"Another\"\n").replace("\"pc\"", "\"another\"");
        subject
            .bootstrap(&format!(
                "[[pool]]\nid = \"{pool}\"\nname = \"P\"\n\
                 [[platform_account]]\npool = \"{pool}\"\nname = \"Another\"\n{named}{}",
                of(&pool, "")
            ))
            .await;
        let connections = subject.store.connections(&pool.parse().unwrap()).await.unwrap();
        let accounts: BTreeSet<_> = connections.iter().map(|one| one.platform_account).collect();
        assert_eq!(accounts.len(), 2, "in {pool}");
    }
}
