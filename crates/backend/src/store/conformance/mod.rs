//! What every engine must do, written once against the traits. An engine instantiates the suite with [`suite!`].

pub(super) mod attempts;
pub(super) mod bootstrap;
pub(super) mod engine;
pub(super) mod feed;
pub(super) mod load;
pub(super) mod push;
mod subject;

pub(crate) use subject::Subject;

/// Makes each promise of a room a test of the engine that `$open` gives.
macro_rules! suite {
    ($open:path: $($room:ident { $($promise:ident),+ $(,)? })+) => {$($(
        #[tokio::test]
        async fn $promise() {
            let (subject, _files) = $open().await;
            $crate::store::conformance::$room::$promise(subject).await;
        }
    )+)+};
    ($open:path) => {
        $crate::store::conformance::suite! { $open:
            feed {
                pages_follow_each_other_without_gap,
                a_page_that_ends_at_the_head_is_caught_up,
                a_page_of_large_users_ends_early,
                an_entity_appears_once_at_its_latest_revision,
                a_deleted_entity_is_a_tombstone_but_not_for_a_first_load,
                a_page_says_what_a_replica_holds_that_has_applied_it,
                a_page_reads_as_everybody_else_loads_it,
                files_and_refused_people_are_for_those_who_may_see_them,
                no_change_is_skipped_by_a_reader,
            }
            load {
                parts_of_a_load_and_its_tail_are_everything_once,
                a_load_in_parts_succeeds_though_the_horizon_lies_inside_it,
                a_foreign_history_is_reset,
                a_console_that_knows_more_than_a_restored_backup_loads_again,
                whoever_was_away_for_a_month_loads_again_and_an_idle_pool_resets_nobody,
                other_rights_are_another_replica,
                a_database_of_an_older_version_gets_what_its_feed_lacks,
            }
            push {
                an_edit_is_applied_once_however_often_it_is_pushed,
                values_decide_what_becomes_of_an_edit,
                a_json_null_is_a_value_and_not_an_absence,
                a_number_stays_as_it_was_written_and_is_the_base_of_the_next_edit,
                a_removed_key_still_knows_who_removed_it,
                edits_that_can_never_apply_are_rejected_and_block_nothing,
                a_user_has_at_most_256_metadata_keys,
                gaps_and_forks_write_nothing,
            }
            bootstrap {
                applying_a_bootstrap_file_again_changes_nothing,
                a_connection_belongs_to_the_account_that_was_made_with_its_pool,
            }
            attempts {
                old_attempts_and_codes_are_forgotten,
                a_code_that_many_claim_at_once_is_claimed_once,
            }
            engine {
                work_that_fails_leaves_nothing,
                changes_are_made_all_or_none_and_counted_each,
                what_is_begun_ends_although_the_caller_left,
                a_closed_store_says_so,
            }
        }
    };
}
pub(crate) use suite;
