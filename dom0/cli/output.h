// How the CLI prints: tables for people, JSON for scripts, one line for an error. Texts of other domains are made fit to be shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bh::cli {

// One field of a record; monostate is JSON's null.
using Field = std::variant<std::monostate, bool, std::int64_t, std::string>;
using Record = std::vector<std::pair<std::string, Field>>;

void print_json(std::vector<Record> const& records);
void print_json(Record const& record);

// Columns padded to their widest cell; all rows have as many cells. An empty header is not printed. `first_column_colors`, if not empty, gives 0xRRGGBB a row for a swatch before it (terminals only).
void print_table(std::vector<std::string> const& header, std::vector<std::vector<std::string>> const& rows,
                 std::vector<std::string> const& first_column_colors = {});

[[nodiscard]] bool is_terminal(int fd_number);
// "bulkhead: TEXT" on stderr.
void print_error(std::string_view text);
void print_note(std::string_view text);

// A line that says what is being waited for, shown on a terminal after a second; gone when it goes out of scope.
class Progress {
 public:
  explicit Progress(std::string text);
  ~Progress();
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

 private:
  struct State;
  State* state_;
};

}  // namespace bh::cli
