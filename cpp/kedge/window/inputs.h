// What aggregates read: columns and computed columns of a batch, as numbers, with a byte for each
// row that says whether it counts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/expr/program.h"
#include "kedge/window/piece.h"
#include "kedge/window/user_column.h"
#include "kedge/window/user_spec.h"

namespace kedge {

enum class Form : std::uint8_t {
  kPresence,  // only which rows count
  kDoubles,
  kIntegers,
  kTexts,   // of strings and dictionaries of them; they end with the batch
  kColumn,  // as it is
  kHashes,  // in `integers`: well mixed, the same for equal values; of numbers also only for those
};

// Strings and dictionaries of them.
bool holds_texts(const Type& type) noexcept;
// How values are read that are to come out as they went in: of numbers, times and texts.
Form form_of(const Type& type) noexcept;

class Inputs {
 public:
  // `columns` and the code that computes them outlive the inputs; without columns there may be
  // none.
  Inputs(std::shared_ptr<const Schema> schema, std::span<const UserColumnSpec> columns,
         const UserCodes* codes)
      : schema_(std::move(schema)), columns_(columns), codes_(codes) {}

  // The type of a user's column, a column, or else of an expression. Throws as Program does.
  Type type_of(const std::string& source);
  // The place of this input among values(); equal inputs share one. Without a source every row has
  // a value.
  std::size_t add(const std::string& source, const std::string& where, Form form);

  // Computes what is not in the batch, and checks what is used; throws, or all is well with it.
  void prepare(const Batch& batch);
  // Rows start .. start+length-1 of the prepared batch, at most kFoldRows. `values` stays until
  // the next call.
  std::span<const Values> read(std::size_t start, std::size_t length);

 private:
  struct Source {
    std::string text;
    std::size_t column = 0;  // in the schema, when there is no program
    std::unique_ptr<Program> program;
    std::unique_ptr<UserColumn> user;
    ComputedColumn computed;

    bool is_computed() const noexcept { return program != nullptr || user != nullptr; }
  };
  struct Condition {
    std::string text;
    std::unique_ptr<Program> program;
    std::vector<std::uint8_t> keep;  // of each row of the batch
  };
  struct Input {
    static constexpr std::size_t kNone = SIZE_MAX;
    std::size_t source = kNone;
    std::size_t condition = kNone;
    Form form = Form::kPresence;
    std::vector<std::uint64_t> memory;
    std::vector<std::string_view> texts;
    std::vector<std::uint8_t> keep;
  };

  // Of users' columns the first `known` may be meant.
  std::size_t source_of(const std::string& text, std::size_t known);
  Source made_source(const std::string& text, std::size_t known);
  std::unique_ptr<UserColumn> user_column(std::size_t column);
  const Type& type_at(const Source& source) const;
  std::size_t condition_of(const std::string& text);
  const Column& column_of(const Source& source) const;
  void compute(Source& source);
  void read_values(Input& input, std::size_t start, std::size_t length, Values& out);
  void read_keep(Input& input, std::size_t start, std::size_t length, Values& out);

  std::shared_ptr<const Schema> schema_;
  std::span<const UserColumnSpec> columns_;
  const UserCodes* codes_;
  std::vector<Source> sources_;
  std::vector<Condition> conditions_;
  std::vector<Input> inputs_;
  std::vector<Values> values_;
  Batch batch_;
};

}  // namespace kedge
