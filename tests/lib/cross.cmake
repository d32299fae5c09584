# A board's architecture: cmake --toolchain tests/lib/cross.cmake -DWARD_ARCHITECTURE=arm64 -DWARD_ROOT=DIRECTORY, with the
# libraries of that architecture below DIRECTORY. tests/lib/cross does it.
set(WARD_ARCHITECTURE "" CACHE STRING "Debian's name of it: arm64, armhf")
set(WARD_ROOT "" CACHE PATH "Where its libraries lie")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WARD_ARCHITECTURE WARD_ROOT)

set(CMAKE_SYSTEM_NAME Linux)
if(WARD_ARCHITECTURE STREQUAL arm64)
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
  set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
  set(emulator qemu-aarch64)
elseif(WARD_ARCHITECTURE STREQUAL armhf)
  set(CMAKE_SYSTEM_PROCESSOR armv7l)
  set(CMAKE_LIBRARY_ARCHITECTURE arm-linux-gnueabihf)
  set(emulator qemu-arm)
else()
  message(FATAL_ERROR "WARD_ARCHITECTURE is '${WARD_ARCHITECTURE}': arm64 or armhf")
endif()

set(CMAKE_C_COMPILER ${CMAKE_LIBRARY_ARCHITECTURE}-gcc)
set(CMAKE_SYSROOT ${WARD_ROOT})
set(CMAKE_FIND_ROOT_PATH ${WARD_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${WARD_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${WARD_ROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/pkgconfig:${WARD_ROOT}/usr/share/pkgconfig)
# CTest runs the tests with it.
set(CMAKE_CROSSCOMPILING_EMULATOR ${emulator};-L;${WARD_ROOT})
