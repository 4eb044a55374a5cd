// edit: a copy is edited, the whole policy is tried with it, and only then it takes the file's place. What was there before stays as
// .NAME.policy.last-good beside it.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/child_process.h"
#include "base/display_text.h"
#include "base/temp_dir.h"
#include "qrexec/policy/lint.h"
#include "qrexec/policy/policy_store.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

// $VISUAL and $EDITOR may hold options, as in "code --wait": divided at blanks, never given to a shell.
std::vector<std::string> editor_words() {
  for (char const* name : {"VISUAL", "EDITOR"}) {
    char const* const value = std::getenv(name);
    if (value == nullptr) continue;
    std::vector<std::string> words;
    std::string_view text(value);
    while (!text.empty()) {
      std::size_t const blank = text.find(' ');
      if (blank != 0) words.emplace_back(text.substr(0, blank));
      text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    }
    if (!words.empty()) return words;
  }
  return {"vi"};
}

Result<void, std::string> run_editor(std::filesystem::path const& file) {
  SpawnOptions options;
  options.argv = editor_words();
  std::string const name = options.argv.front();
  options.argv.push_back(file.string());
  UniqueFd standard[3];
  for (int number = 0; number < 3; ++number) {
    standard[number] = UniqueFd(::dup(number));
    if (standard[number].open()) options.fds.emplace_back(&standard[number], number);
  }
  auto child = ChildProcess::spawn(options);
  if (!child) return Failure{"cannot start the editor: " + child.error().message + " (set $EDITOR)"};
  auto const status = child->wait(Deadline::max());
  if (!status || !*status) return Failure{std::string("the editor's end was missed")};
  if ((*status)->code != 0) return Failure{"the editor " + name + " ended with status " + std::to_string((*status)->code)};
  return {};
}

std::string last_good_path(PolicyStore const& store, StoredName const& name) {
  std::filesystem::path const path(store.path_of(name));
  return (path.parent_path() / ("." + path.filename().string() + ".last-good")).string();
}

int refused(StoreError const& error) {
  std::cerr << "qrexec-policy: " << for_display(error.message) << "; nothing was changed\n";
  return 1;
}

// False: give up.
bool edit_again() {
  if (::isatty(0) == 0) return false;
  for (;;) {
    std::cerr << "Edit again (e) or quit without a change (q)? " << std::flush;
    std::string answer;
    if (!std::getline(std::cin, answer) || answer == "q") return false;
    if (answer == "e") return true;
  }
}

int restore(PolicyStore const& store, StoredName const& name) {
  std::string const path = last_good_path(store, name);
  auto const text = read_file(path, kMaxFileSize);
  if (!text) return unreadable("there is nothing to go back to: " + text.error().message);
  auto const replaced = store.replace(name, "any", *text);
  return replaced ? 0 : refused(replaced.error());
}

int save(PolicyStore const& store, StoredName const& name, PolicyStore::Content const& before, bool is_new, std::string const& text) {
  if (!is_new) {
    auto const kept = write_file_atomically(last_good_path(store, name), before.text, 0664);
    if (!kept) return unreadable("cannot keep what is there now: " + kept.error().message);
  }
  auto const replaced = store.replace(name, is_new ? "new" : before.token, text);
  if (!replaced) return refused(replaced.error());
  std::cerr << "saved " << for_display(store.path_of(name)) << "\n";
  return 0;
}

}  // namespace

int run_edit(Where const& where, EditOptions const& options) {
  auto const name = StoredName::parse(options.name);
  if (!name) return usage(name.error().message);
  DiskPolicyFiles const files;
  PolicyStore const store(files, folders_of(where));
  if (options.restore) return restore(store, *name);
  auto before = store.get(*name);
  bool const is_new = !before;
  if (is_new && before.error().kind != StoreErrorKind::not_found) return unreadable(before.error().message);
  if (is_new) before = PolicyStore::Content{};
  auto const folder = TempDir::create("qrexec-policy");
  if (!folder) return unreadable(folder.error().message);
  auto const copy = folder->path() / (name->name + ".policy");
  if (auto const made = write_file_atomically(copy, before->text, 0600); !made) return unreadable(made.error().message);
  for (;;) {
    if (auto const edited = run_editor(copy); !edited) return unreadable(edited.error());
    auto const text = read_file(copy, kMaxFileSize);
    if (!text) return unreadable(text.error().message);
    if (*text == before->text) {
      std::cerr << "nothing was changed\n";
      return 0;
    }
    auto const tried = store.try_change(*name, *text);
    if (tried) {
      print_problems(std::cerr, wide_rules(tried->rules()), "warning");
      return save(store, *name, *before, is_new, *text);
    }
    print_problems(std::cerr, tried.error(), "error");
    if (edit_again()) continue;
    std::cerr << "qrexec-policy: the policy would not load; nothing was changed\n";
    return 1;
  }
}

}  // namespace bh::policy::tool
