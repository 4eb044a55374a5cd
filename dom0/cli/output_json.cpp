#include <cstdio>
#include <nlohmann/json.hpp>

#include "dom0/cli/output.h"

namespace bh::cli {

namespace {

using nlohmann::ordered_json;

ordered_json to_json(Record const& record) {
  ordered_json object = ordered_json::object();
  for (auto const& [key, field] : record) {
    if (auto const* const text = std::get_if<std::string>(&field)) object[key] = *text;
    else if (auto const* const number = std::get_if<std::int64_t>(&field)) object[key] = *number;
    else if (auto const* const flag = std::get_if<bool>(&field)) object[key] = *flag;
    else object[key] = nullptr;
  }
  return object;
}

// Bytes that are not UTF-8 become the replacement character: the output is valid JSON whatever a qube says.
void print(ordered_json const& value) { std::puts(value.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str()); }

}  // namespace

void print_json(std::vector<Record> const& records) {
  ordered_json list = ordered_json::array();
  for (auto const& record : records) list.push_back(to_json(record));
  print(list);
}

void print_json(Record const& record) { print(to_json(record)); }

}  // namespace bh::cli
