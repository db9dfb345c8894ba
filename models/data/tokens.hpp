// Reads files of tokens: 16-bit numbers, little-endian, nothing else; mapped, as nanoGPT prepares them.
// Room: models/data. Knows the format; not what a token stands for. Files are untrusted: all tokens are looked at once.
// Caller: models/data_factory. Source: github.com/karpathy/nanoGPT, data/*/prepare.py.
#pragma once
#include <filesystem>

#include "models/data/token_windows.hpp"

namespace murm {

struct TokenFiles {
  TokenSequence train;
  TokenSequence test;
};

/// `path`: a folder with train.bin and val.bin, or one file, whose last tenth is for tests. `vocabulary` tokens there
/// are; 0: one more than the largest in all files. Errors: InputError for a missing or odd-sized file, and a token
/// outside the vocabulary.   Cost: one pass over the files.
TokenFiles open_tokens(const std::filesystem::path& path, std::size_t vocabulary);

/// One split: windows that start at every token (training), or where the one before ends (tests).
/// Errors: InputError for a split without room for one window.
std::shared_ptr<const Dataset> token_split(const TokenFiles& files, bool test_split,
                                           std::size_t limit, std::size_t context);

}  // namespace murm
