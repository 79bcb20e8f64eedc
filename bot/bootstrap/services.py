"""Builds the services of a bot and registers their workflows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.adapters.folder import ReportFolder
from bot.clock import real_time
from bot.domain.limits import Limits
from bot.durable import DurableWork
from bot.ports import Chat, Clock, Tracker
from bot.runbook import Runbook
from bot.runbook.site import Site
from bot.services import publish as publishing
from bot.services import sync as syncing
from bot.services.adopt import ChannelFacts
from bot.services.approval import Approvals
from bot.services.audit import Audit
from bot.services.authorize import Authorize
from bot.services.backfill import Backfill
from bot.services.catch_up import CatchUps
from bot.services.channel import Channels
from bot.services.channel_watch import ChannelWatch
from bot.services.compose import Composer
from bot.services.confirm import Confirm
from bot.services.conflicts import Conflicts
from bot.services.declare import Declare
from bot.services.diagnose import Diagnoses
from bot.services.edit_publishing import EditPublishing
from bot.services.edits import Edits
from bot.services.endings import Endings
from bot.services.evidence import Evidence
from bot.services.guard import Guards
from bot.services.home import Homes
from bot.services.incidents import Incidents
from bot.services.invites import Invites
from bot.services.item_follow import ItemFollow
from bot.services.item_nags import ItemNags
from bot.services.items import Items
from bot.services.joining import Joining
from bot.services.lease import Lease, Takeover
from bot.services.notify import Notify
from bot.services.obligations import Obligations
from bot.services.on_call import OnCallLookup, Schedule
from bot.services.participants import Participants
from bot.services.people import People
from bot.services.publish import Publish
from bot.services.reconciler import Reconciler
from bot.services.record import Record
from bot.services.remind import Remind
from bot.services.reminders import Reminders
from bot.services.report import Reports
from bot.services.report_resources import Forges
from bot.services.resources import Resources
from bot.services.run import EXECUTE, PLAN, Runs
from bot.services.run_posts import posts_of
from bot.services.run_workflows import RunWorkflows
from bot.services.search import Search
from bot.services.settings import Settings
from bot.services.subscriptions import Subscriptions
from bot.services.sweep import Sweep
from bot.services.sync import Sync
from bot.store.engine import Store


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services of one bot, which share its store, its durable work and its clock."""

    approvals: Approvals
    audit: Audit
    authorize: Authorize
    backfill: Backfill
    catch_ups: CatchUps
    changes: Endings
    channel_facts: ChannelFacts
    conflicts: Conflicts
    declare: Declare
    diagnoses: Diagnoses
    edit_publishing: EditPublishing
    edits: Edits
    evidence: Evidence
    homes: Homes
    incidents: Incidents
    item_follow: ItemFollow
    item_nags: ItemNags
    items: Items
    joining: Joining
    notify: Notify
    obligations: Obligations
    on_call: OnCallLookup
    participants: Participants
    publish: Publish
    record: Record
    remind: Remind
    reminders: Reminders
    reports: Reports
    runs: Runs
    search: Search
    subscriptions: Subscriptions
    sweep: Sweep
    sync: Sync
    takeover: Takeover


def build_services(
    settings: Settings,
    *,
    store: Store,
    durable: DurableWork,
    now: Clock,
    chat: Chat,
    sites: dict[str, Site],
    folder: ReportFolder,
    forges: Forges,
    tracker: Tracker | None,
    lease: Lease,
    limits: Limits,
    runbooks: Mapping[str, Runbook],
    schedules: Mapping[str, Schedule],
    setup: Callable[[], Sequence[tuple[str, bool]]] = tuple,
) -> Services:
    """Return the services, with their workflows registered in ``durable``. ``now`` is the domain's clock."""
    reconciler = Reconciler(store, now, lease=lease, limits=limits, slack_time=chat.time)
    on_call = OnCallLookup(chat, now, schedules)
    watch = ChannelWatch(store, chat, durable, now, settings.policy)
    confirm = Confirm(durable, now, settings)
    backfill = Backfill(
        store,
        chat,
        now,
        settings,
        owner=lease.id,
        limits=limits,
        look=watch.look,
        confirm=confirm,
    )
    audit = Audit(store)
    evidence = Evidence(store, chat, audit, sites=sites, wall=real_time)
    sites = {name: replace(site, diagnostics=evidence) for name, site in sites.items()}
    workflows = RunWorkflows(
        store,
        durable,
        now,
        runbooks=runbooks,
        sites=sites,
        wall=real_time,
        wait=time.sleep,
        lease=lease,
        limits=limits,
    )
    obligations = Obligations(
        store,
        durable,
        chat,
        now,
        sites=sites,
        wall=real_time,
        wait=time.sleep,
        lease=lease,
        limits=limits,
    )
    diagnoses = Diagnoses(store, durable, now, sites=sites, wall=real_time, zone=settings.zone)
    people = People(store, chat, now)
    authorize = Authorize(chat, people, settings, audit, look=watch.look)
    reports = Reports(store, people, settings)
    guards = Guards(store, settings)
    composer = Composer(
        store,
        reports,
        settings.filing,
        settings.targets,
        guards,
        settings.forms,
        files_drills=settings.files_drills,
    )
    edit_publishing = EditPublishing(store, durable, composer, now, settings)
    record = Record(
        store,
        now,
        settings,
        team_url=lambda: chat.identity().url,
        watch=watch,
        edited=edit_publishing.edited,
        confirm=confirm,
    )
    approvals = Approvals(
        store,
        durable,
        composer,
        now,
        repository=lambda name: forges(name).check(),
        look=watch.look,
        publish=partial(publishing.enqueue, durable),
    )
    publish = Publish(
        store,
        reconciler,
        durable,
        reports,
        composer,
        approvals,
        folder,
        forges,
        now,
        look=watch.look,
        gather=backfill.gather,
    )
    incidents = Incidents(store, chat, watch.latch_all)
    search = Search(store, now, incidents.latch)
    sync = Sync(
        store,
        reconciler,
        durable,
        Channels(store, reconciler, chat, settings),
        Resources(
            store,
            chat,
            now,
            settings,
            posts_of(runbooks),
            look=watch.look,
            named=people.named,
            granted=lambda: chat.identity().scopes,
            invites=Invites(store, chat, partial(syncing.enqueue, durable), now, settings, on_call),
            sees=authorize.sees,
        ),
        look=watch.look,
        search=search.keep,
    )
    follow = ItemFollow(store, durable, tracker, now, settings.policy, lease=lease, limits=limits)
    items = Items(store, now, settings, place=follow.place)
    durable.workflow(syncing.WORKFLOW, sync.workflow)
    durable.workflow(publishing.WORKFLOW, publish.workflow)
    durable.workflow(PLAN, workflows.plan)
    durable.workflow(EXECUTE, workflows.execute)
    return Services(
        approvals=approvals,
        audit=audit,
        authorize=authorize,
        backfill=backfill,
        catch_ups=CatchUps(store, settings),
        changes=Endings(store, durable, now, settings, edited=edit_publishing.edited),
        conflicts=Conflicts(store, durable, reports, guards),
        declare=Declare(
            store,
            durable,
            now,
            settings,
            begin=sync.begin,
            take_diagnosis=diagnoses.take_into,
            latch=incidents.latch,
        ),
        channel_facts=ChannelFacts(chat, settings),
        joining=Joining(store, durable, now, begin=sync.begin),
        participants=Participants(chat, people),
        diagnoses=diagnoses,
        edit_publishing=edit_publishing,
        edits=Edits(
            store,
            durable,
            now,
            settings,
            edited=edit_publishing.edited,
            item_changed=items.follow,
        ),
        evidence=evidence,
        notify=Notify(store, durable, now, settings, guards),
        obligations=obligations,
        homes=Homes(
            store,
            chat,
            now,
            settings,
            authorize,
            incidents,
            items,
            runbooks=runbooks,
            setup=setup,
        ),
        on_call=on_call,
        incidents=incidents,
        item_follow=follow,
        item_nags=ItemNags(
            store, durable, chat, now, settings, incidents, lease=lease, limits=limits
        ),
        items=items,
        publish=publish,
        record=record,
        remind=Remind(
            store=store,
            durable=durable,
            now=now,
            settings=settings,
            me=lambda: chat.identity().user_id,
            runbooks=frozenset(runbooks),
        ),
        reminders=Reminders(store, durable, now, settings),
        reports=reports,
        runs=Runs(store, durable, runbooks=runbooks, sites=sites, wall=real_time),
        search=search,
        subscriptions=Subscriptions(store, chat, people),
        sweep=Sweep(store, durable, now, sync, wall=real_time, owner=lease.id),
        sync=sync,
        takeover=Takeover(store, durable, lease, limits),
    )
