# xxHash as xxHash::xxhash: Debian's package has pkg-config only.
include(MurmImport)
murm_import(xxHash::xxhash HEADER xxhash.h LIBRARY xxhash PACKAGE libxxhash-dev)
set(xxHash_FOUND TRUE)
