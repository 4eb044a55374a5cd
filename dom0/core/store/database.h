// SQLite wrapped: statements are prepared and bound, never put together from text; errors are values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bh::dom0 {

class Statement {
 public:
  // Parameters count from 1, columns from 0, as in SQLite.
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, std::int64_t number);
  // True: a row is there to be read. After the last row, and for statements without any, false.
  Result<bool> step();
  // Step to the end of a statement that gives no rows.
  Result<void> run();
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;

 private:
  friend class Database;
  struct Finalizer { void operator()(sqlite3_stmt* statement) const; };
  Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

class Database {
 public:
  // Made if it is not there, mode 0600. WAL, foreign keys on, every commit on disk before it returns.
  static Result<Database> open(std::filesystem::path const& path);
  Result<Statement> prepare(char const* sql);
  // For schema texts, which are constants of ours.
  Result<void> execute(char const* sql);

 private:
  struct Closer { void operator()(sqlite3* database) const; };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Closer> database_;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace bh::dom0
