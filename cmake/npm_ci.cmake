# Runs `npm ci` in DIR and touches STAMP, unless another build has just done so for the same lock file.
if(EXISTS ${STAMP} AND NOT ${DIR}/package-lock.json IS_NEWER_THAN ${STAMP} AND NOT ${DIR}/package.json IS_NEWER_THAN
   ${STAMP} AND NOT ${DIR}/.npmrc IS_NEWER_THAN ${STAMP})
  return()
endif()
execute_process(
  COMMAND ${NPM} ci --prefer-offline --no-progress --loglevel=error
  WORKING_DIRECTORY ${DIR}
  RESULT_VARIABLE status
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "npm ci failed in ${DIR}:\n${output}")
endif()
file(TOUCH ${STAMP})
