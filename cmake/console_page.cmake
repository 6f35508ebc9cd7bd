# The report page: console/ bundled into one HTML file, embedded into the library `edp_console_page`.
# Packages are fetched when the lock file changes, the page is built when a source does; else nothing runs.
#
# node_modules lies beside the sources, where editors and `npm test` look for it too; all presets share it.
find_program(NODE node)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
  message(FATAL_ERROR "node or npm is missing: run ./edp setup")
endif()
enable_language(ASM)

set(console_dir ${CMAKE_SOURCE_DIR}/console)
set(console_stamp ${console_dir}/node_modules/.edp-stamp)
set(console_page ${CMAKE_BINARY_DIR}/generated/console/report_page.html)
file(GLOB_RECURSE console_sources CONFIGURE_DEPENDS ${console_dir}/src/*)

add_custom_command(
  OUTPUT ${console_stamp}
  # Two presets built at once must not unpack into one folder together.
  COMMAND flock ${console_dir}/package-lock.json ${CMAKE_COMMAND} -DSTAMP=${console_stamp} -DNPM=${NPM}
          -DDIR=${console_dir} -P ${CMAKE_SOURCE_DIR}/cmake/npm_ci.cmake
  DEPENDS ${console_dir}/package-lock.json ${console_dir}/package.json ${console_dir}/.npmrc
  COMMENT "Fetching the report page's packages (npm ci)"
  VERBATIM)
add_custom_command(
  OUTPUT ${console_page}
  COMMAND ${NODE} ${console_dir}/build.mjs ${console_page}
  DEPENDS ${console_sources} ${console_dir}/build.mjs ${console_stamp}
  COMMENT "Bundling the report page"
  VERBATIM)

set(console_object_source ${CMAKE_BINARY_DIR}/generated/console/report_page.S)
file(CONFIGURE OUTPUT ${console_object_source} @ONLY CONTENT [[
.section .rodata
.global edp_report_page_begin
.global edp_report_page_end
.type edp_report_page_begin, %object
edp_report_page_begin:
.incbin "@console_page@"
edp_report_page_end:
.byte 0
.section .note.GNU-stack, "", %progbits
]])
set_source_files_properties(${console_object_source} PROPERTIES OBJECT_DEPENDS ${console_page})
add_library(edp_console_page STATIC ${console_object_source})
