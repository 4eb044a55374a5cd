#include "dom0/core/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "base/assert.h"
#include "base/posix_io.h"

namespace bh::dom0 {

namespace {
Failure<Error> failure(sqlite3* database, std::string_view doing) {
  return Failure{Error{std::string("cannot ") + std::string(doing) + ": " + sqlite3_errmsg(database), 0}};
}
}  // namespace

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Closer::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Statement& Statement::bind(int parameter, std::string_view text) {
  BH_ASSERT(sqlite3_bind_text64(statement_.get(), parameter, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t number) {
  BH_ASSERT(sqlite3_bind_int64(statement_.get(), parameter, number) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: return failure(database_, "use the database");
  }
}

Result<void> Statement::run() {
  for (;;) {
    BH_TRY(row, step());
    if (!row) return {};
  }
}

std::string Statement::text(int column) const {
  auto const* const bytes = reinterpret_cast<char const*>(sqlite3_column_text(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

Result<Database> Database::open(std::filesystem::path const& path) {
  // SQLite makes its files with the umask's mode; ours is made first, and -wal and -shm take its mode over.
  { BH_TRY(made, open_file(path, O_RDWR | O_CREAT, 0600)); }
  sqlite3* raw = nullptr;
  int const code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) return Failure{Error{"cannot open the database " + path.string() + ": " + sqlite3_errstr(code), 0}};
  sqlite3_busy_timeout(raw, 5000);
  BH_CHECK(database.execute("PRAGMA journal_mode=WAL"));
  BH_CHECK(database.execute("PRAGMA synchronous=FULL"));
  BH_CHECK(database.execute("PRAGMA foreign_keys=ON"));
  return database;
}

Result<Statement> Database::prepare(char const* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) return failure(database_.get(), "prepare a statement");
  return Statement(database_.get(), raw);
}

Result<void> Database::execute(char const* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure(database_.get(), "use the database");
  return {};
}

Result<Transaction> Transaction::begin(Database& database) {
  BH_CHECK(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Result<void> Transaction::commit() {
  BH_CHECK(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

}  // namespace bh::dom0
