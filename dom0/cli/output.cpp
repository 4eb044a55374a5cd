#include "dom0/cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/display_text.h"

namespace bh::cli {

bool is_terminal(int fd_number) { return ::isatty(fd_number) == 1; }

void print_error(std::string_view text) { std::fprintf(stderr, "bulkhead: %s\n", for_display(text, 4096).c_str()); }
void print_note(std::string_view text) { std::fprintf(stderr, "%s\n", for_display(text, 4096).c_str()); }

namespace {

// NO_COLOR is the custom that terminals' users know.
bool colors_wanted() { return is_terminal(STDOUT_FILENO) && std::getenv("NO_COLOR") == nullptr; }

std::string swatch(std::string const& color) {
  if (color.size() != 8) return "  ";
  auto const part = [&](std::size_t at) { return std::to_string(std::strtoul(color.substr(at, 2).c_str(), nullptr, 16)); };
  return "\x1b[48;2;" + part(2) + ";" + part(4) + ";" + part(6) + "m \x1b[0m ";
}

}  // namespace

void print_table(std::vector<std::string> const& header, std::vector<std::vector<std::string>> const& rows,
                 std::vector<std::string> const& first_column_colors) {
  std::vector<std::size_t> widths(header.empty() && !rows.empty() ? rows[0].size() : header.size());
  for (std::size_t i = 0; i < header.size(); ++i) widths[i] = header[i].size();
  for (auto const& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  bool const colored = colors_wanted() && !first_column_colors.empty();
  auto const print = [&](std::vector<std::string> const& row, std::string const& before) {
    std::string line = before;
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string const cell = for_display(row[i]);
      line += cell;
      if (i + 1 < row.size()) line.append(widths[i] - cell.size() + 2, ' ');
    }
    std::puts(line.c_str());
  };
  if (!header.empty()) print(header, colored ? "  " : "");
  for (std::size_t i = 0; i < rows.size(); ++i) print(rows[i], colored ? swatch(first_column_colors[i]) : "");
}

struct Progress::State {
  std::string text;
  std::mutex mutex;
  std::condition_variable wake;
  bool over = false;
  std::thread thread;
};

Progress::Progress(std::string text) : state_(nullptr) {
  if (!is_terminal(STDERR_FILENO)) return;
  state_ = new State{std::move(text), {}, {}, false, {}};
  state_->thread = std::thread([state = state_] {
    std::unique_lock lock(state->mutex);
    for (int second = 1; !state->wake.wait_for(lock, std::chrono::seconds(1), [state] { return state->over; }); ++second) {
      std::fprintf(stderr, "\r%s (%d s)", for_display(state->text).c_str(), second);
      std::fflush(stderr);
    }
    std::fputs("\r\x1b[K", stderr);
  });
}

Progress::~Progress() {
  if (state_ == nullptr) return;
  {
    std::lock_guard const lock(state_->mutex);
    state_->over = true;
  }
  state_->wake.notify_all();
  state_->thread.join();
  delete state_;
}

}  // namespace bh::cli
