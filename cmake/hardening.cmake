# Flags for everything that is built. tests/check-hardening asks the result.
add_compile_definitions(_GNU_SOURCE)
add_compile_options(
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wwrite-strings -Wpointer-arith -Wcast-qual -Wformat=2 -Wvla
  -Wimplicit-fallthrough -Wundef -Wdate-time
  -fstack-protector-strong -fno-common)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wlogical-op -Wduplicated-cond -fstack-clash-protection
    -ftrivial-auto-var-init=zero)
endif()
if(CS_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
  add_compile_options(-fcf-protection)
endif()
if(CS_SANITIZE)
  add_compile_options(-fsanitize=${CS_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CS_SANITIZE})
else()
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
endif()
if(CS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(NOT CS_SANITIZE)
  set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
endif()
