# zig as a cross compiler: static programs that need nothing but the kernel.
# build.py passes KEDGE_TOOLS, the folder of the wrappers c++, ar and ranlib (CMake wants one path
# for each, "zig c++ -target ..." is several words), and KEDGE_PROCESSOR.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${KEDGE_PROCESSOR})
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KEDGE_TOOLS KEDGE_PROCESSOR)

set(CMAKE_CXX_COMPILER ${KEDGE_TOOLS}/c++)
set(CMAKE_AR ${KEDGE_TOOLS}/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${KEDGE_TOOLS}/ranlib CACHE FILEPATH "")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)

# CMake repeats the flags when it links, and zig chooses the libc++ to link by them: without -O and
# -s, which the wrapper has too, it is the debug one, twice the size.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "")
set(CMAKE_CXX_FLAGS_INIT "-ffunction-sections -fdata-sections")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -s -Wl,--gc-sections")
