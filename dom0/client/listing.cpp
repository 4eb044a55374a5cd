#include "dom0/client/listing.h"

namespace bh::admin {

namespace {

std::string_view cut(std::string_view& text, char separator) {
  std::size_t const at = text.find(separator);
  std::string_view const part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      plain += text[i] == 'n' ? '\n' : text[i];
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

std::vector<std::string> parse_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) lines.emplace_back(cut(text, '\n'));
  return lines;
}

std::map<std::string, std::string> parse_pairs(std::string_view text, char separator) {
  std::map<std::string, std::string> pairs;
  while (!text.empty()) {
    std::string_view part = cut(text, separator);
    if (part.find('=') == std::string_view::npos) continue;
    std::string const key(cut(part, '='));
    pairs[key] = std::string(part);
  }
  return pairs;
}

std::vector<ListedQube> parse_vm_list(std::string_view text) {
  std::vector<ListedQube> qubes;
  for (std::string const& line : parse_lines(text)) {
    std::string_view rest = line;
    std::string const name(cut(rest, ' '));
    auto pairs = parse_pairs(rest, ' ');
    qubes.push_back({name, pairs["class"], pairs["state"], pairs["uuid"]});
  }
  return qubes;
}

std::string format_property(PropertyValue const& property) {
  return std::string("default=") + (property.is_default ? "True" : "False") + " type=" + property.type + " " + property.value;
}

std::optional<PropertyValue> parse_property(std::string_view text) {
  std::string_view const origin = cut(text, ' ');
  std::string_view const type = cut(text, ' ');
  if ((origin != "default=True" && origin != "default=False") || !type.starts_with("type=")) return std::nullopt;
  return PropertyValue{origin == "default=True", std::string(type.substr(5)), std::string(text)};
}

std::string format_property_line(std::string_view name, PropertyValue const& property) {
  std::string line(name);
  line += ' ';
  for (char const c : format_property(property)) {
    if (c == '\\') line += "\\\\";
    else if (c == '\n') line += "\\n";
    else line += c;
  }
  return line + '\n';
}

std::map<std::string, PropertyValue> parse_property_lines(std::string_view text) {
  std::map<std::string, PropertyValue> properties;
  for (std::string const& line : parse_lines(text)) {
    std::string_view rest = line;
    std::string const name(cut(rest, ' '));
    if (auto property = parse_property(rest)) {
      property->value = unescape(property->value);
      properties[name] = std::move(*property);
    }
  }
  return properties;
}

}  // namespace bh::admin
