#include <algorithm>
#include <map>
#include <set>

#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"

namespace bh::cli {

namespace {

struct Shown {
  admin::ListedQube qube;
  std::map<std::string, admin::PropertyValue> properties;

  [[nodiscard]] std::string value(std::string const& name) const {
    auto const found = properties.find(name);
    return found == properties.end() ? std::string() : found->second.value;
  }
  [[nodiscard]] bool has(std::string const& field) const {
    // Templates and dom0 lack some of what a list usually shows; a dash is their answer.
    static std::set<std::string> const usual{"name", "state", "class", "uuid", "label", "template", "netvm", "memory", "vcpus", "xid"};
    return usual.contains(field) || properties.contains(field);
  }
  [[nodiscard]] std::string cell(std::string const& field) const {
    if (field == "name") return qube.name;
    if (field == "state") return qube.state;
    if (field == "class") return qube.klass;
    if (field == "uuid") return qube.uuid;
    std::string const text = value(field);
    return text.empty() ? "-" : text;
  }
};

Result<std::vector<Shown>, admin::Exception> collect(Session const& session, ListOptions const& options, bool with_properties) {
  auto const reply = session.client.call({.method = "admin.vm.List"});
  if (!reply) return Failure{reply.error()};
  auto const all = admin::parse_vm_list(*reply);
  for (auto const& wanted : options.qubes) {
    bool const known = std::any_of(all.begin(), all.end(), [&](auto const& qube) { return qube.name == wanted; });
    if (!known) return Failure{admin::Exception{"QubesVMNotFoundError", "there is no qube named " + wanted}};
  }
  auto const contains = [](std::vector<std::string> const& list, std::string const& item) {
    return list.empty() || std::find(list.begin(), list.end(), item) != list.end();
  };
  std::vector<Shown> shown;
  for (auto const& qube : all) {
    if (!contains(options.qubes, qube.name) || !contains(options.states, qube.state)) continue;
    Shown entry{qube, {}};
    if (with_properties) {
      auto const properties = session.client.call({.method = "admin.vm.property.GetAll", .destination = qube.name});
      // Removed since the list was made: it is simply not there any more.
      if (!properties && properties.error().type == "QubesVMNotFoundError") continue;
      if (!properties) return Failure{properties.error()};
      entry.properties = admin::parse_property_lines(*properties);
    }
    shown.push_back(std::move(entry));
  }
  return shown;
}

std::map<std::string, std::string> label_colors(Session const& session, std::vector<Shown> const& shown) {
  std::map<std::string, std::string> colors;
  for (auto const& entry : shown) {
    std::string const label = entry.value("label");
    if (colors.contains(label)) continue;
    colors[label] = session.client.call({.method = "admin.label.Get", .argument = label}).value_or("");
  }
  return colors;
}

Field text_or_null(std::string const& text) { return text.empty() ? Field{} : Field{text}; }

int print_as_json(Session const& session, std::vector<Shown> const& shown) {
  auto const colors = label_colors(session, shown);
  std::vector<Record> records;
  for (auto const& entry : shown) {
    auto const number = [&](char const* name) { return entry.value(name).empty() ? Field{} : Field{std::int64_t{std::atoll(entry.value(name).c_str())}}; };
    records.push_back({{"name", entry.qube.name}, {"class", entry.qube.klass}, {"state", entry.qube.state}, {"label", entry.value("label")},
                       {"color", colors.at(entry.value("label"))}, {"template", text_or_null(entry.value("template"))},
                       {"netvm", text_or_null(entry.value("netvm"))}, {"memory", number("memory")}, {"vcpus", number("vcpus")},
                       {"xid", number("xid")}, {"uuid", entry.qube.uuid}});
  }
  print_json(records);
  return kOk;
}

}  // namespace

int list_qubes(Session const& session, ListOptions const& options) {
  auto const shown = collect(session, options, !options.raw_list);
  if (!shown) return report(shown.error());
  if (session.json) return print_as_json(session, *shown);
  if (options.raw_list) {
    for (auto const& entry : *shown) std::puts(entry.qube.name.c_str());
    return kOk;
  }
  std::vector<std::string> fields = options.fields;
  if (fields.empty()) fields = {"name", "state", "class", "label", "template", "netvm"};
  for (auto const& field : fields) {
    if (shown->empty() || std::any_of(shown->begin(), shown->end(), [&](auto const& entry) { return entry.has(field); })) continue;
    print_error("there is no field " + field + "; see bulkhead ls --help, and bulkhead prefs QUBE --help-properties");
    return kUsage;
  }
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> colors;
  auto const by_label = label_colors(session, *shown);
  for (auto const& entry : *shown) {
    std::vector<std::string> row;
    for (auto const& field : fields) row.push_back(entry.cell(field));
    if (options.raw_data) {
      std::string line;
      for (auto const& cell : row) line += (line.empty() ? "" : "|") + cell;
      std::puts(line.c_str());
      continue;
    }
    rows.push_back(std::move(row));
    colors.push_back(by_label.at(entry.value("label")));
  }
  if (options.raw_data) return kOk;
  std::vector<std::string> header = fields;
  for (auto& title : header) std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  print_table(header, rows, colors);
  warn_of_tcg(session);
  return kOk;
}

int check_qube(Session const& session, CheckOptions const& options) {
  auto const reply = session.client.call({.method = "admin.vm.List", .destination = options.qube});
  if (!reply) return report(reply.error());
  auto const list = admin::parse_vm_list(*reply);
  if (list.empty()) return kFailed;
  // As with the peer's tool, anything but Halted counts as running.
  bool const fits = options.is_template ? list[0].klass == "TemplateVM"
                    : !options.state    ? true
                    : *options.state == "Running" ? list[0].state != "Halted"
                                                  : list[0].state == *options.state;
  if (!session.quiet) std::printf("%s is %s, %s\n", list[0].name.c_str(), list[0].state.c_str(), list[0].klass.c_str());
  return fits ? kOk : kFailed;
}

}  // namespace bh::cli
