# zig as a cross compiler: static programs that need nothing but the kernel.
# build.py passes KEDGE_TOOLS, the folder of the wrappers c++, ar and ranlib (CMake wants one path
# for each, "zig c++ -target ..." is several words) and link, and KEDGE_PROCESSOR.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${KEDGE_PROCESSOR})
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KEDGE_TOOLS KEDGE_PROCESSOR)

set(CMAKE_CXX_COMPILER ${KEDGE_TOOLS}/c++)
set(CMAKE_AR ${KEDGE_TOOLS}/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${KEDGE_TOOLS}/ranlib CACHE FILEPATH "")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)

# CMake repeats the flags when it links, and zig chooses the libc++ to link by them: without -O and
# -s, which the wrapper has too, it is the debug one, twice the size.
set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG" CACHE STRING "")
add_compile_options(-ffunction-sections -fdata-sections -fno-unwind-tables
                    -fno-asynchronous-unwind-tables)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -s -Wl,--gc-sections")
set(CMAKE_CXX_LINK_EXECUTABLE
    "${KEDGE_TOOLS}/link <FLAGS> <CMAKE_CXX_LINK_FLAGS> <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
if(KEDGE_PROCESSOR STREQUAL "x86_64")
  set(KEDGE_BASELINE ON)
endif()
set(KEDGE_RUNTIME ${CMAKE_CURRENT_LIST_DIR}/zig_runtime.cpp)

# Read once more when CMake has set up the compiler: it asks for a precompiled header by an option of
# clang's front end that zig refuses, as zig goes by the language alone.
set(CMAKE_USER_MAKE_RULES_OVERRIDE_CXX ${CMAKE_CURRENT_LIST_FILE})
set(CMAKE_CXX_COMPILE_OPTIONS_CREATE_PCH -x c++-header)
