#include "dom0/cli/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"
#include "dom0/cli/volume_command_line.h"

namespace bh::cli {

namespace {

constexpr char const* kExitCodes =
    "Exit status: 0 success; 1 refused or failed; 2 wrong usage; 3 bulkheadd does not answer.\n"
    "`run` gives the command's own status; 125 if it could not be run, 126 refused by policy, 127 not found in the qube, 128+N ended by signal N.\n"
    "Errors are one line on stderr. BULKHEAD_ROOT names the root to work on.";

// What CLI11 fills in. One command runs in a process, so one set of options is enough.
struct Parsed {
  std::vector<std::string> after_dashes;
  std::function<int(Session const&)> action;
  ListOptions list;
  CheckOptions check;
  CreateOptions create;
  RemoveOptions remove;
  ShutdownOptions shutdown;
  RunOptions run;
  SnapshotOptions snapshot;
  PrefsOptions prefs;
  FeatureOptions feature;
  TagOptions tag;
  EventOptions event;
  LogOptions log;
  VolumeOptions volume;
  PoolOptions pool;
  DoctorOptions doctor;
  std::vector<std::string> qubes;
  std::string text;
  int timeout = 0;
  bool flag[8] = {};
};

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "print JSON"); }

void set_up_list(CLI::App& app, Parsed& p, bool peer) {
  app.add_option("QUBE", p.list.qubes, "only these qubes");
  app.add_flag("--raw-list", p.list.raw_list, "names only, one a line");
  app.add_flag("--raw-data", p.list.raw_data, "fields joined by '|', no header");
  app.add_option("-O,--fields", p.text, "fields, separated by commas: name,state,class,label,template,netvm,memory,vcpus,xid,uuid or any property");
  app.add_flag("--running", p.flag[0], "only running qubes");
  app.add_flag("--halted", p.flag[1], "only halted qubes");
  app.add_flag("--paused", p.flag[2], "only paused qubes");
  app.footer(peer ? "Example: qvm-ls --raw-data -O name,state" : "Examples:\n  bulkhead ls\n  bulkhead ls --json work\n  bulkhead ls --running -O name,memory\n\nNo qube has a network card in this version, so NETVM is always '-'.");
  p.action = [&p](Session const& session) {
    for (auto const& [index, state] : {std::pair{0, "Running"}, {1, "Halted"}, {2, "Paused"}}) if (p.flag[index]) p.list.states.emplace_back(state);
    for (auto& field : CLI::detail::split(CLI::detail::to_lower(p.text), ',')) if (!field.empty()) p.list.fields.push_back(field);
    return list_qubes(session, p.list);
  };
}

void set_up_check(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.check.qube, "the qube")->required();
  app.add_flag("--running", p.flag[0], "is it running (anything but halted)?");
  app.add_flag("--paused", p.flag[1], "is it paused?");
  app.add_flag("--template", p.flag[2], "is it a template?");
  app.footer("Exit status 0: yes; 1: no, or there is no such qube.\nExample: bulkhead check work --running && echo up");
  p.action = [&p](Session const& session) {
    if (p.flag[0]) p.check.state = "Running";
    if (p.flag[1]) p.check.state = "Paused";
    p.check.is_template = p.flag[2];
    return check_qube(session, p.check);
  };
}

void set_up_create(CLI::App& app, Parsed& p, bool peer) {
  app.add_option("NAME", p.create.name, "a letter, then letters, digits, '_', '.', '-'; at most 31")->required();
  app.add_option("-l,--label", p.create.label, "red, orange, yellow, green, gray, blue, purple or black")->required();
  app.add_option("-t,--template", p.create.template_name, "the template; default: default_template");
  app.add_option("-C,--class", p.create.klass, "AppVM (default) or DispVM: a disposable that keeps its name; its template is then a qube with template_for_dispvms");
  app.add_option(peer ? "--prop,--property" : "--prop", p.create.properties, "NAME=VALUE, may be repeated")->allow_extra_args(false);
  app.footer("Examples:\n  bulkhead create work --label blue\n  bulkhead create web --label red --prop memory=600 --prop autostart=True\n"
             "  bulkhead create usb --class DispVM --template web --label red");
  p.action = [&p](Session const& session) { return create_qube(session, p.create); };
}

void set_up_remove(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.remove.qubes, "qubes to remove, with all their data")->required();
  app.add_flag("-f,--force", p.remove.force, "do not ask");
  app.footer("Example: bulkhead remove --force old-work");
  p.action = [&p](Session const& session) { return remove_qubes(session, p.remove); };
}

void set_up_start(CLI::App& app, Parsed& p, bool peer) {
  app.add_option("QUBE", p.qubes, "qubes to start; all at once")->required();
  if (peer) app.add_flag("--skip-if-running", p.flag[0], "kept for scripts: a running qube is never an error");
  app.add_flag("--timing", p.flag[1], "print how long each phase of the start took");
  app.footer("Waits until the qube's agent answers (property qrexec_timeout). Examples:\n  bulkhead start work untrusted\n  bulkhead start --timing work");
  p.action = [&p](Session const& session) { return start_qubes(session, p.qubes, p.flag[1]); };
}

void set_up_restart(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.qubes, "qubes to shut down and start again; all at once")->required();
  app.add_flag("--timing", p.flag[1], "print how long each phase of the start took");
  app.footer("A qube that is not running is started. Example: bulkhead restart work");
  p.action = [&p](Session const& session) { return restart_qubes(session, p.qubes, p.flag[1]); };
}

void set_up_shutdown(CLI::App& app, Parsed& p, bool peer) {
  app.add_option("QUBE", p.shutdown.qubes, "qubes to shut down");
  app.add_flag("--all", p.shutdown.all, "all running qubes");
  app.add_option("--exclude", p.shutdown.exclude, "with --all: not this one; may be repeated")->allow_extra_args(false);
  app.add_flag("--wait", p.shutdown.wait, "wait until they have stopped");
  app.add_option("--timeout", p.timeout, "with --wait: kill what has not stopped after so many seconds")->check(CLI::Range(1, 86400));
  app.add_flag("--force", p.shutdown.force, "also paused qubes");
  app.add_flag("--dry-run", p.shutdown.dry_run, "only print which");
  app.footer("Examples:\n  bulkhead shutdown --wait work\n  bulkhead shutdown --all --wait --timeout 30");
  p.action = [&p, peer](Session const& session) {
    if (p.shutdown.qubes.empty() == !p.shutdown.all) {
      print_error("name qubes, or --all");
      return kUsage;
    }
    if (p.timeout > 0) p.shutdown.kill_after = p.timeout;
    // The peer's tool kills after 60 seconds even if it was not told how long to wait.
    else if (peer && p.shutdown.wait) p.shutdown.kill_after = 60;
    return shutdown_qubes(session, p.shutdown);
  };
}

template <PowerAction kAction>
void set_up_power(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.qubes, "qubes")->required();
  p.action = [&p](Session const& session) { return power_action(session, kAction, p.qubes); };
}

void add_disposable(CLI::App& app, Parsed& p) {
  app.add_flag(std::string("--dispvm{") + kDefaultDisposable + "}", p.run.disposable_of,
               "run in a new disposable, of the qube given as --dispvm=TEMPLATE or of dom0's default_dispvm; it is killed when the command ends");
}

// With --dispvm there is no qube among the words: the first one belongs to the command.
bool settle_disposable(Parsed& p) {
  if (p.run.disposable_of.empty() == !p.run.qube.empty()) return true;
  if (p.run.disposable_of.empty()) {
    print_error("name a qube, or --dispvm for a new disposable");
    return false;
  }
  p.run.command.insert(p.run.command.begin(), std::move(p.run.qube));
  p.run.qube.clear();
  return true;
}

void set_up_run(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.run.qube, "the qube; it is started if need be; none with --dispvm");
  add_disposable(app, p);
  app.add_flag("--shell", p.flag[0], "the words are a text for the user's shell in the qube");
  app.add_flag("--service", p.flag[1], "the word is a service's name, with +ARGUMENT if it takes one");
  app.add_option("-u,--user", p.run.user, "run as this user of the qube instead of its default_user");
  app.add_flag("--gui", p.run.gui, "wait for the qube's session first: for programs with windows");
  app.add_flag("-n,--no-autostart", p.flag[2], "do not start a halted qube");
  app.add_flag("--no-filter", p.flag[3], "pass escape sequences on to the terminal (they can reprogram it)");
  app.prefix_command();
  app.footer("stdin, stdout and stderr are the command's. On a terminal its output is filtered, into a pipe it is passed as it is.\n"
             "Examples:\n  bulkhead run work -- ls -l /home/user\n  bulkhead run --gui work -- foot\n  bulkhead run --shell work 'ps ax | grep foot'\n  bulkhead run -u root work -- systemctl status\n"
             "  bulkhead run --gui --dispvm=web -- foot");
  p.action = [&p, &app](Session const& session) {
    auto const words = app.remaining();
    p.run.command.insert(p.run.command.end(), words.begin(), words.end());
    p.run.command.insert(p.run.command.end(), p.after_dashes.begin(), p.after_dashes.end());
    if (p.flag[0] && p.flag[1]) {
      print_error("either --shell or --service");
      return kUsage;
    }
    if (!settle_disposable(p)) return kUsage;
    if (p.flag[0]) p.run.kind = RunOptions::Kind::shell;
    if (p.flag[1]) p.run.kind = RunOptions::Kind::service;
    p.run.autostart = !p.flag[2];
    p.run.filter_stdout = !p.flag[3] && is_terminal(STDOUT_FILENO);
    p.run.filter_stderr = !p.flag[3] && is_terminal(STDERR_FILENO);
    return run_in_qube(session, p.run);
  };
}

void set_up_qvm_run(CLI::App& app, Parsed& p, bool) {
  app.add_option("-u,--user", p.run.user, "user in the qube");
  app.add_flag("-a,--autostart", p.flag[0], "start the qube if need be (the default)");
  app.add_flag("-n,--no-autostart,--no-start", p.flag[1], "do not start a halted qube");
  app.add_flag("-p,--pass-io", p.flag[2], "pass stdin, stdout and stderr");
  app.add_flag("--service", p.flag[3], "COMMAND is a service's name");
  app.add_flag("--no-shell", p.flag[4], "COMMAND and arguments are run without a shell");
  app.add_flag("--filter-escape-chars,!--no-filter-escape-chars", p.flag[5], "filter the output (default on a terminal)");
  app.add_flag("--gui,!--no-gui", p.run.gui, "wait for the qube's session");
  add_disposable(app, p);
  app.add_option("QUBE", p.run.qube, "the qube; none with --dispvm");
  app.prefix_command();
  app.footer("Example: qvm-run -p work 'cat /etc/os-release'");
  p.action = [&p, &app](Session const& session) {
    auto const words = app.remaining();
    p.run.command.insert(p.run.command.end(), words.begin(), words.end());
    p.run.command.insert(p.run.command.end(), p.after_dashes.begin(), p.after_dashes.end());
    if (!settle_disposable(p)) return kUsage;
    p.run.kind = p.flag[3] ? RunOptions::Kind::service : p.flag[4] ? RunOptions::Kind::program : RunOptions::Kind::shell;
    p.run.autostart = !p.flag[1];
    p.run.pass_io = p.flag[2];
    bool const said = app.count("--filter-escape-chars") > 0;
    p.run.filter_stdout = said ? p.flag[5] : is_terminal(STDOUT_FILENO);
    p.run.filter_stderr = said ? p.flag[5] : is_terminal(STDERR_FILENO);
    return run_in_qube(session, p.run);
  };
}

void set_up_snapshot(CLI::App& app, Parsed& p, bool) {
  app.add_option("ACTION", p.text, "list (default), build or remove")->check(CLI::IsMember({"list", "build", "remove"}));
  app.add_option("WORD", p.snapshot.words, "build: qubes or templates; remove: keys or their beginnings, or all");
  app.footer("A qube whose property warm_start is on starts from a snapshot: a machine of its template, saved when it was up and nothing of a user's was in it.\n"
             "bulkheadd makes one by itself after a start that had to do without.\n"
             "Examples:\n  bulkhead snapshot list\n  bulkhead snapshot build work\n  bulkhead snapshot remove all");
  p.action = [&p](Session const& session) {
    if (p.text == "build") p.snapshot.action = SnapshotOptions::Action::build;
    if (p.text == "remove") p.snapshot.action = SnapshotOptions::Action::remove;
    if ((p.snapshot.action == SnapshotOptions::Action::list) != p.snapshot.words.empty()) {
      print_error(p.snapshot.words.empty() ? "which ones?" : "list takes no further words");
      return kUsage;
    }
    return snapshots(session, p.snapshot);
  };
}

void set_up_property_flags(CLI::App& app, Parsed& p) {
  app.add_option("NAME", p.prefs.name, "the property; without it all are shown");
  app.add_option("VALUE", p.prefs.value, "the new value, if it shall be set");
  app.add_flag("-D,--default,--unset", p.prefs.reset, "back to the default");
  app.add_flag("-g,--get", p.flag[0], "kept for scripts: reading is what happens without a value");
  app.add_flag("-s,--set", p.flag[1], "kept for scripts: a value is set anyway");
  app.add_flag("--help-properties", p.prefs.help_properties, "all properties and what they mean");
  app.add_flag("--hide-default", p.prefs.hide_default, "only what was set");
  p.action = [&p](Session const& session) { return preferences(session, p.prefs); };
}

void set_up_prefs(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.prefs.qube, "the qube")->required();
  set_up_property_flags(app, p);
  app.footer("Examples:\n  bulkhead prefs work\n  bulkhead prefs work memory 800\n  bulkhead prefs work memory --default");
}

void set_up_system_prefs(CLI::App& app, Parsed& p, bool) {
  set_up_property_flags(app, p);
  app.footer("Example: bulkhead system-prefs default_qrexec_timeout 120");
}

void set_up_features(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.feature.qube, "the qube, or dom0")->required();
  app.add_option("NAME", p.feature.name, "the feature; without it all are shown");
  app.add_option("VALUE", p.feature.value, "the new value, if it shall be set");
  app.add_flag("-D,--unset,--delete", p.feature.unset, "remove the feature");
  app.footer("Example: bulkhead features work prohibit-start 'under investigation'");
  p.action = [&p](Session const& session) { return features(session, p.feature); };
}

void set_up_tags(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.tag.qube, "the qube")->required();
  app.add_option("ACTION", p.text, "list, add or del")->check(CLI::IsMember({"list", "ls", "l", "add", "a", "set", "del", "d", "unset", "remove"}));
  app.add_option("TAG", p.tag.tags, "tags");
  app.footer("Example: bulkhead tags work add office");
  p.action = [&p](Session const& session) {
    if (p.text.starts_with('a') || p.text == "set") p.tag.action = TagOptions::Action::add;
    if (p.text.starts_with('d') || p.text == "unset" || p.text == "remove") p.tag.action = TagOptions::Action::remove;
    if (p.tag.action != TagOptions::Action::list && p.tag.tags.empty()) {
      print_error("which tag?");
      return kUsage;
    }
    return tags(session, p.tag);
  };
}

void set_up_events(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.event.qube, "only of this qube");
  app.add_option("--count", p.event.count, "end after so many events")->check(CLI::PositiveNumber);
  app.add_option("--timeout", p.event.timeout, "end after so many seconds")->check(CLI::PositiveNumber);
  app.footer("Example: bulkhead events --json work");
  p.action = [&p](Session const& session) { return follow_events(session, p.event); };
}

void set_up_log(CLI::App& app, Parsed& p, bool) {
  app.add_option("QUBE", p.log.qube, "the qube, or bulkheadd")->required();
  app.add_option("--what", p.log.what, "console (default), qemu, hub, qrexec or gui")->check(CLI::IsMember({"console", "qemu", "hub", "qrexec", "gui"}));
  app.add_option("-n,--lines", p.log.lines, "the last so many lines")->check(CLI::Range(1, 100000));
  app.footer("Example: bulkhead log work --what gui");
  p.action = [&p](Session const& session) { return show_log(session, p.log); };
}

void set_up_volume(CLI::App& app, Parsed& p, bool) {
  set_up_volume_options(app, p.volume);
  p.action = [&p](Session const& session) { return volumes(session, p.volume); };
}

void set_up_pool(CLI::App& app, Parsed& p, bool) {
  set_up_pool_options(app, p.pool);
  p.action = [&p](Session const& session) { return pools(session, p.pool); };
}

void set_up_doctor(CLI::App& app, Parsed& p, bool) {
  app.add_flag("-a,--all", p.doctor.all, "what is in order in full, too");
  app.add_option("--host-files", p.doctor.host_files, "judge another host by its proc, sys, etc and lib/firmware, copied below this folder");
  app.footer("Exit status: 0 all is ok, or weaker than it could be; 1 something is broken or could not be learned.\n"
             "Examples:\n  bulkhead doctor\n  bulkhead doctor --json\n  bulkhead doctor --host-files /tmp/other-host");
  p.action = [&p](Session const& session) { return doctor(session, p.doctor); };
}

void set_up_version(CLI::App&, Parsed& p, bool) {
  p.action = [](Session const& session) {
    if (session.json) print_json(Record{{"version", std::string(BH_VERSION)}});
    else std::puts("bulkhead " BH_VERSION);
    return kOk;
  };
}

struct Command {
  char const* name;       // of the subcommand; empty: none
  char const* link;       // the peer's name; empty: none
  char const* description;
  bool prints_data;
  void (*set_up)(CLI::App&, Parsed&, bool peer);
};

constexpr Command kCommands[] = {
    {"ls", "qvm-ls", "list qubes, their classes and states", true, set_up_list},
    {"create", "qvm-create", "create a qube", false, set_up_create},
    {"start", "qvm-start", "start qubes", false, set_up_start},
    {"restart", "", "shut qubes down and start them again", false, set_up_restart},
    {"shutdown", "qvm-shutdown", "shut qubes down", false, set_up_shutdown},
    {"kill", "qvm-kill", "end qubes at once, as if their power were cut", false, set_up_power<PowerAction::kill>},
    {"pause", "qvm-pause", "stop qubes' processors", false, set_up_power<PowerAction::pause>},
    {"unpause", "qvm-unpause", "let them go on", false, set_up_power<PowerAction::unpause>},
    {"suspend", "qvm-suspend", "stop qubes as for a sleep of the host", false, set_up_power<PowerAction::suspend>},
    {"resume", "qvm-resume", "let suspended qubes go on", false, set_up_power<PowerAction::resume>},
    {"run", "", "run a command in a qube", false, set_up_run},
    {"", "qvm-run", "run a command in a qube", false, set_up_qvm_run},
    {"snapshot", "", "show, make or remove what qubes start from", true, set_up_snapshot},
    {"prefs", "qvm-prefs", "show or set a qube's properties", true, set_up_prefs},
    {"system-prefs", "qubes-prefs", "show or set the system's properties", true, set_up_system_prefs},
    {"features", "qvm-features", "show or set a qube's features", true, set_up_features},
    {"tags", "qvm-tags", "show or change a qube's tags", true, set_up_tags},
    {"check", "qvm-check", "test a qube's state", false, set_up_check},
    {"remove", "qvm-remove", "remove qubes and their data", false, set_up_remove},
    {"volume", "qvm-volume", "volumes of qubes: list, grow, revert, clone, import, export", true, set_up_volume},
    {"pool", "qvm-pool", "pools, where volumes lie: list, add, remove", true, set_up_pool},
    {"doctor", "", "is this host fit, and if not, what to do", true, set_up_doctor},
    {"events", "", "follow what happens", true, set_up_events},
    {"log", "", "show the end of a log", false, set_up_log},
    {"version", "", "print the version", true, set_up_version},
};

int parse_and_run(CLI::App& app, std::vector<std::string> arguments, Parsed& parsed, Session& session) {
  // Everything after the first "--" is the qube's command, whatever it looks like. Elsewhere "--" is the parser's to understand.
  bool const runs = app.get_name() == "qvm-run" || (!arguments.empty() && arguments[0] == "run");
  auto const dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (runs && dashes != arguments.end()) {
    parsed.after_dashes.assign(dashes + 1, arguments.end());
    arguments.erase(dashes, arguments.end());
  }
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (CLI::ParseError const& problem) {
    if (problem.get_exit_code() == 0) return app.exit(problem);  // --help, --version
    auto const used = app.get_subcommands();
    print_error(std::string(problem.what()) + "; see " + app.get_name() + (used.empty() ? "" : " " + used.front()->get_name()) + " --help");
    return kUsage;
  }
  return parsed.action(session);
}

}  // namespace

std::vector<std::string> const& link_names() {
  static std::vector<std::string> const names = [] {
    std::vector<std::string> list;
    for (auto const& command : kCommands) if (*command.link != '\0') list.emplace_back(command.link);
    return list;
  }();
  return names;
}

std::vector<std::string> command_names() {
  std::vector<std::string> list;
  for (auto const& command : kCommands) if (*command.name != '\0') list.emplace_back(command.name);
  return list;
}

int run_command_line(std::string const& program, std::vector<std::string> arguments, Session session) {
  Parsed parsed;
  for (auto const& command : kCommands) {
    if (program != command.link || *command.link == '\0') continue;
    CLI::App app(command.description, program);
    app.set_version_flag("--version", std::string(program) + " of bulkhead " BH_VERSION);
    app.add_flag("-q,--quiet", session.quiet, "no notes");
    app.add_flag("-v,--verbose", parsed.flag[7], "accepted for scripts");
    if (command.prints_data) add_json(app, session.json);
    command.set_up(app, parsed, true);
    return parse_and_run(app, std::move(arguments), parsed, session);
  }

  CLI::App app("Bulkhead's qubes from the command line.", "bulkhead");
  app.set_version_flag("--version", "bulkhead " BH_VERSION);
  app.require_subcommand(1);
  app.footer(kExitCodes);
  bool const known = arguments.empty() || arguments[0].starts_with('-') ||
                     std::any_of(std::begin(kCommands), std::end(kCommands), [&](Command const& command) { return arguments[0] == command.name; });
  if (!known) {
    print_error("there is no command " + arguments[0] + "; see bulkhead --help");
    return kUsage;
  }
  std::map<CLI::App const*, std::function<int(Session const&)>> actions;
  for (auto const& command : kCommands) {
    if (*command.name == '\0') continue;
    CLI::App* const sub = app.add_subcommand(command.name, command.description);
    sub->add_flag("-q,--quiet", session.quiet, "no notes");
    if (command.prints_data) add_json(*sub, session.json);
    command.set_up(*sub, parsed, false);
    actions[sub] = std::move(parsed.action);
  }
  parsed.action = [&](Session const& now) { return actions.at(app.get_subcommands().front())(now); };
  return parse_and_run(app, std::move(arguments), parsed, session);
}

}  // namespace bh::cli
