"""What each error of Slack means for the caller. Source: docs.slack.dev, the page of each method.

Every error that Slack documents for a method that mayday calls is here once; a test has the lists. An error
that isn't here counts as refused, and is logged.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What the caller does next."""

    LIMITED = "limited"
    """Nothing was done: wait as long as Slack says."""
    NOTHING_DONE = "nothing done"
    """Nothing was done: try again later."""
    UNCERTAIN = "uncertain"
    """Try again later, and look first: it may have been done."""
    INSTALLATION = "installation"
    """The token or the app's installation is invalid."""
    SCOPE = "scope"
    """The token lacks a scope."""
    ALREADY = "already"
    """It was so before."""
    GONE = "gone"
    """What is to be changed does not exist."""
    UNCHANGEABLE = "unchangeable"
    """What is to be changed exists but can't be changed any more: make a new one."""
    REFUSED = "refused"
    """A person has to change something; the same request fails until then."""
    BUG = "bug"
    """mayday's request is wrong."""


_BY_KIND: dict[Kind, str] = {
    Kind.LIMITED: "ratelimited rate_limited too_many_requests",
    Kind.NOTHING_DONE: """
        external_channel_migrating message_limit_exceeded org_login_required streaming_state_conflict
        team_added_to_org
    """,
    # A truncated request did nothing, but the same code may come from a proxy in front of Slack.
    Kind.UNCERTAIN: """
        canvas_creation_failed canvas_editing_failed canvas_tab_creation_failed
        channel_canvas_creation_failed
        fatal_error fetch_members_failed internal_error list_record_comment_fetch_failed
        messaging_processing_failed request_timeout service_unavailable update_failed
        file_update_failed
    """,
    Kind.INSTALLATION: """
        account_inactive invalid_auth missing_args not_allowed_token_type not_authed token_expired
        token_revoked
    """,
    Kind.SCOPE: "missing_scope",
    Kind.ALREADY: """
        already_archived already_in_channel already_pinned already_reacted no_reaction
        channel_canvas_already_exists free_team_canvas_tab_already_exists
    """,
    Kind.GONE: "canvas_deleted canvas_not_found message_not_found not_found section_not_found",
    Kind.UNCHANGEABLE: "block_mismatch cant_update_message edit_window_closed message_not_owned_by_app",
    Kind.REFUSED: """
        bot_not_found bots_not_found access_denied accesslimited canvas_disabled_user_team
        cannot_create_channel cannot_reply_to_message cant_invite cant_invite_self
        channel_is_limited_access channel_not_found channel_type_not_supported ekm_access_denied
        enterprise_is_restricted exchanged_trigger_id expired_trigger_id file_type_not_allowed
        file_upload_size_restricted file_uploads_disabled forbidden_team
        free_teams_cannot_edit_standalone_canvases hash_conflict invalid_channel invalid_link
        invalid_user_combination invitee_cant_see_channel is_archived is_bot is_inactive
        messages_tab_disabled method_not_supported_for_channel_type name_taken no_access
        no_external_invite_permission no_permission no_such_subteam not_enabled not_implemented
        not_in_channel not_pinnable not_reactable org_user_not_in_team permission_denied
        plan_upgrade_required posting_to_channel_denied restricted_action
        restricted_action_non_threadable_channel restricted_action_read_only_channel
        restricted_action_thread_locked restricted_action_thread_only_channel
        send_on_behalf_not_allowed storage_limit_reached team_access_not_granted team_not_found
        team_tier_cannot_create_channel_canvases thread_locked thread_not_found too_many_bookmarks
        too_many_emoji too_many_members too_many_pins too_many_reactions too_many_tabs
        two_factor_setup_required unknown_method ura_max_channels user_disabled user_is_bot
        user_is_restricted user_is_ultra_restricted user_not_found user_not_in_channel
        user_not_visible users_not_found
    """,
    Kind.BUG: """
        alt_txt_too_large as_user_not_supported attachment_payload_limit_exceeded bad_timestamp
        blocked_file_type cannot_bookmark_from_external_org
        cannot_bookmark_restricted_sharing_enabled cant_broadcast_message channels_limit_exceeded
        deprecated_endpoint duplicate_channel_not_found duplicate_external_id
        duplicate_message_not_found file_already_added file_comment_not_found file_deleted
        file_is_deleted file_not_found file_share_limit_reached insecure_request
        invalid_app_action_type invalid_arg_name invalid_arguments invalid_array_arg
        invalid_attachments invalid_blocks invalid_blocks_format invalid_bookmark_type
        invalid_charset invalid_child_type invalid_cursor invalid_emoji invalid_entity_id
        invalid_form_data invalid_json invalid_limit invalid_metadata_filter_keys
        invalid_metadata_format invalid_metadata_schema invalid_name invalid_name_maxlength
        invalid_name_punctuation invalid_name_required invalid_name_specials invalid_parent_type
        invalid_post_type invalid_shortcut_type invalid_trigger_id invalid_ts_latest
        invalid_ts_oldest invalid_types json_not_object markdown_text_conflict
        max_file_sharing_exceeded message_not_in_streaming_state metadata_must_be_sent_from_app
        metadata_too_large method_deprecated missing_argument missing_charset missing_file_data
        missing_post_type missing_profile_id msg_blocks_too_long msg_too_long no_channel
        no_dual_broadcast_content_update no_item_specified no_text no_user not_enough_users
        parent_bookmark_disabled parent_with_link push_limit_reached slack_connect_blocked_file_type
        slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked
        slack_connect_file_link_sharing_blocked slack_connect_file_upload_sharing_blocked
        slack_connect_lists_sharing_blocked snippet_too_large unknown_snippet_type unknown_subtype
        superfluous_charset too_long too_many_attachments too_many_contact_cards too_many_users
        unable_to_share_files upgrade_required users_list_not_supplied view_too_large
    """,
}

KINDS: dict[str, Kind] = {code: kind for kind, codes in _BY_KIND.items() for code in codes.split()}
"""The kind of each error, by Slack's code."""

GONE = "gone"
"""The code of mayday's error for :attr:`Kind.GONE`."""
UNCHANGEABLE = "unchangeable"
"""The code of mayday's error for :attr:`Kind.UNCHANGEABLE`."""

_ASK_ADMIN = "this workspace doesn't allow mayday to do that: ask an admin to allow it"
_NO_CANVASES = "this workspace has no canvases"
_ARCHIVED = "that channel is archived: unarchive it first"
_GUEST = "that person is a guest who isn't allowed to join"
_OTHER_WORKSPACE = "that person isn't in this workspace: invite them in Slack"

ADVICE: dict[str, str] = {
    "access_denied": _ASK_ADMIN,
    "accesslimited": "Slack doesn't accept this network: add mayday's address to the allowed ones",
    "canvas_disabled_user_team": _NO_CANVASES,
    "free_teams_cannot_edit_standalone_canvases": _NO_CANVASES,
    "team_tier_cannot_create_channel_canvases": _NO_CANVASES,
    "cannot_create_channel": _ASK_ADMIN,
    "cannot_reply_to_message": "that message takes no replies",
    "cant_invite": "Slack doesn't allow mayday to invite that person",
    "channel_is_limited_access": _ASK_ADMIN,
    "channel_not_found": "mayday can't see that channel: invite it there",
    "ekm_access_denied": "an admin has suspended posting there: ask them to allow it",
    "enterprise_is_restricted": _ASK_ADMIN,
    "file_type_not_allowed": _ASK_ADMIN,
    "file_upload_size_restricted": _ASK_ADMIN,
    "file_uploads_disabled": _ASK_ADMIN,
    "invalid_channel": "mayday can't see that channel: invite it there",
    "invalid_user_combination": _OTHER_WORKSPACE,
    "invitee_cant_see_channel": _OTHER_WORKSPACE,
    "is_archived": _ARCHIVED,
    "is_inactive": _ARCHIVED,
    "messages_tab_disabled": "the app takes no direct messages: turn its Messages tab on",
    "message_not_found": "that message no longer exists",
    "message_limit_exceeded": "this workspace has reached its limit of messages",
    "name_taken": "another channel already has that name",
    "no_external_invite_permission": _ASK_ADMIN,
    "no_permission": _ASK_ADMIN,
    "no_such_subteam": "that user group doesn't exist in Slack",
    "not_found": "it no longer exists",
    "not_in_channel": "mayday is not in that channel: invite it there",
    "org_user_not_in_team": _OTHER_WORKSPACE,
    "permission_denied": _ASK_ADMIN,
    "plan_upgrade_required": "this workspace's plan has no user groups",
    "posting_to_channel_denied": _ASK_ADMIN,
    "restricted_action": _ASK_ADMIN,
    "restricted_action_non_threadable_channel": "that channel has no threads",
    "restricted_action_read_only_channel": "mayday isn't allowed to post there: ask an admin to allow it",
    "restricted_action_thread_locked": "that thread is locked",
    "restricted_action_thread_only_channel": "that channel takes replies only",
    "storage_limit_reached": "this workspace has no room for more files: remove some",
    "team_access_not_granted": "the app isn't installed in this workspace: install it",
    "thread_locked": "that thread is locked",
    "thread_not_found": "that thread no longer exists",
    "too_many_bookmarks": "that channel has as many bookmarks as Slack allows: remove one",
    "too_many_members": "that channel has as many members as Slack allows",
    "too_many_pins": "that channel has as many pinned messages as Slack allows: remove one",
    "two_factor_setup_required": "Slack asks for two-factor authentication: set it up",
    "unknown_method": "this Slack doesn't support that",
    "ura_max_channels": "that person is a guest who can be in one channel only",
    "user_disabled": "that person's account is deactivated",
    "user_is_restricted": _GUEST,
    "user_is_ultra_restricted": _GUEST,
    "user_not_found": "that person doesn't exist in Slack",
    "user_not_in_channel": "that person is not in the channel",
    "user_not_visible": "mayday isn't allowed to see that person",
}
"""What a person does about an error, by Slack's code."""
OTHER_ADVICE = "Slack answered {code}"
