/** Look-ups in one fetched state: people, channels and messages. */

const SYSTEM =
  /^(channel|group)_(join|leave|topic|purpose|name|archive|unarchive)$|^pinned_item$|^bot_add$|^tombstone$/;

/** Whether a message is a note written by Slack. */
export const isSystem = (message) => SYSTEM.test(message.subtype ?? "");

export class Workspace {
  constructor(state) {
    this.state = state;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.channels = new Map(state.channels.map((channel) => [channel.id, channel]));
    this.groups = new Map(state.usergroups.map((group) => [group.id, group]));
    this.me = this.users.get(state.me);
    this.tz = this.me?.tz ?? "UTC";
    this.now = Date.parse(state.now);
    this.bot = this.users.get(state.app.user);
    this.people = state.users.filter((user) => !user.is_bot);
    // Other inputs of the message text: a change redraws all messages.
    this.sig = JSON.stringify([
      state.me,
      state.users,
      state.channels.map((c) => [c.id, c.name]),
      state.usergroups,
      state.message_shortcuts,
      new Date(this.now).toISOString().slice(0, 13),
    ]);
  }

  /** The channel that a person sees first. */
  get firstChannel() {
    return this.state.channels.find((c) => c.is_member) ?? this.state.channels[0];
  }

  /** The conversation with the app, if it exists. */
  get appChannel() {
    return this.state.channels.find((c) => c.is_im && c.user === this.bot.id);
  }

  userName(id) {
    const user = this.users.get(id);
    return user ? user.real_name || user.name : id;
  }

  channelName(id) {
    const channel = this.channels.get(id);
    if (!channel) return null;
    return channel.is_im && channel.user ? this.userName(channel.user) : channel.name;
  }

  messages(channelId) {
    return this.state.messages[channelId] ?? [];
  }

  message(channelId, ts) {
    return this.messages(channelId).find((message) => message.ts === ts);
  }

  /** The channel's messages without thread replies. */
  topLevel(channelId) {
    return this.messages(channelId).filter((m) => !m.thread_ts || m.thread_ts === m.ts);
  }

  replies(channelId, root) {
    return this.messages(channelId).filter((m) => m.thread_ts === root && m.ts !== root);
  }

  /** The author of a message as {id, name, color, is_bot}. */
  author({ user: id }) {
    const { color, is_bot } = this.users.get(id) ?? {};
    return { id, name: color ? this.userName(id) : "Someone", color, is_bot };
  }
}

const dotted = (digits) => (digits ? `${digits.slice(0, -6)}.${digits.slice(-6)}` : null);

/** Where a message's address points in this page: {channel, ts} or null. */
export function parsePermalink(address, workspace) {
  const path = URL.canParse(address) ? new URL(address).pathname : "";
  const found = /\/archives\/([CGD][A-Z0-9]+)(?:\/p(\d{7,}))?\/?$/.exec(path);
  if (!found || !workspace.channels.has(found[1])) return null;
  return { channel: found[1], ts: dotted(found[2]) };
}

/** The place a hash such as #C024BE91L/p1487912345000100 or #app/home names, or null. */
export function parseHash(hash) {
  const app = /^#app\/(home|messages)$/.exec(hash);
  if (app) return { app: app[1] };
  const found = /^#([CGD][A-Z0-9]+)(?:\/p(\d{7,}))?$/.exec(hash);
  return found ? { channel: found[1], ts: dotted(found[2]) } : null;
}

/** The hash that opens the app at one of its tabs. */
export const appHash = (tab) => `#app/${tab}`;

/** The hash that names a channel or a message in it. */
export const hashOf = (channel, ts) => `#${channel}${ts ? `/p${ts.replace(".", "")}` : ""}`;
