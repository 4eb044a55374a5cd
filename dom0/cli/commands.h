// The commands, as functions from parsed options to an exit code. Options are plain values; who parsed them is no concern of theirs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dom0/cli/session.h"

namespace bh::cli {

struct ListOptions {
  std::vector<std::string> qubes;   // empty: all
  std::vector<std::string> states;  // empty: any; names as on the wire
  bool raw_list = false;            // names only
  bool raw_data = false;            // cells joined by '|', no header
  std::vector<std::string> fields;  // empty: the usual ones
};
int list_qubes(Session const& session, ListOptions const& options);

struct CheckOptions {
  std::string qube;
  std::optional<std::string> state;
  bool is_template = false;
};
int check_qube(Session const& session, CheckOptions const& options);

struct CreateOptions {
  std::string name;
  std::string label;
  std::string klass = "AppVM";
  std::string template_name;
  std::vector<std::string> properties;  // key=value
};
int create_qube(Session const& session, CreateOptions const& options);

struct RemoveOptions {
  std::vector<std::string> qubes;
  bool force = false;
};
int remove_qubes(Session const& session, RemoveOptions const& options);

// `timing`: print how long each phase took.
int start_qubes(Session const& session, std::vector<std::string> const& qubes, bool timing = false);
// Shuts each down, if it runs, and starts it again.
int restart_qubes(Session const& session, std::vector<std::string> const& qubes, bool timing);
// "kind=warm total=161 spawn=9 ..." for people: "warm start, 161 ms: spawn 9, ..."
[[nodiscard]] std::string describe_timing(std::string_view timing);

struct ShutdownOptions {
  std::vector<std::string> qubes;
  std::vector<std::string> exclude;
  bool all = false;
  bool wait = false;
  bool force = false;
  bool dry_run = false;
  std::optional<int> kill_after;  // seconds; with wait
};
int shutdown_qubes(Session const& session, ShutdownOptions const& options);

enum class PowerAction { kill, pause, unpause, suspend, resume };
int power_action(Session const& session, PowerAction action, std::vector<std::string> const& qubes);

struct RunOptions {
  std::string qube;
  std::vector<std::string> command;  // program and arguments, or the service's name, or words of a shell text
  enum class Kind { program, shell, service } kind = Kind::program;
  std::string user = "DEFAULT";
  // Run in a disposable of this qube, made for the command and killed after it; kDefaultDisposable: of dom0's default_dispvm.
  std::string disposable_of;
  bool gui = false;  // wait for the qube's session before the program starts
  bool autostart = true;
  bool pass_io = true;
  bool filter_stdout = false;
  bool filter_stderr = false;
};
inline constexpr char const* kDefaultDisposable = "@default";
// Becomes qrexec-client and returns only if that fails; with a disposable it stays to end that.
int run_in_qube(Session const& session, RunOptions const& options);
// admin-api.md 7: '-' doubled, other bytes outside A-Za-z0-9_. as -XX, arguments joined with '+'.
[[nodiscard]] std::string encode_vmexec(std::vector<std::string> const& command);

// What qubes start from instead of booting.
struct SnapshotOptions {
  enum class Action { list, build, remove } action = Action::list;
  std::vector<std::string> words;  // qubes or templates to build for; keys, or their beginnings, to remove
};
int snapshots(Session const& session, SnapshotOptions const& options);

struct PrefsOptions {
  std::optional<std::string> qube;  // nullopt: settings of the system
  std::optional<std::string> name;
  std::optional<std::string> value;
  bool reset = false;
  bool help_properties = false;
  bool hide_default = false;
};
int preferences(Session const& session, PrefsOptions const& options);

struct FeatureOptions {
  std::string qube;
  std::optional<std::string> name;
  std::optional<std::string> value;
  bool unset = false;
};
int features(Session const& session, FeatureOptions const& options);

struct TagOptions {
  std::string qube;
  enum class Action { list, add, remove } action = Action::list;
  std::vector<std::string> tags;
};
int tags(Session const& session, TagOptions const& options);

struct EventOptions {
  std::string qube = "dom0";  // dom0: of all
  std::optional<int> count;
  std::optional<int> timeout;
};
int follow_events(Session const& session, EventOptions const& options);

struct LogOptions {
  std::string qube;
  std::string what = "console";
  int lines = 50;
};
int show_log(Session const& session, LogOptions const& options);
// The last `count` lines, fit for a terminal.
[[nodiscard]] std::vector<std::string> log_lines(std::string_view text, std::size_t count);

struct DoctorOptions {
  bool all = false;                                  // what is in order, too, in full
  std::optional<std::filesystem::path> host_files;  // another host's /proc, /sys and /etc, copied there
};
int doctor(Session const& session, DoctorOptions const& options);

}  // namespace bh::cli
