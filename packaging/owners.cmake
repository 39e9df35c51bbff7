# At install: the wrapper's group and mode, the first KRL, the accounts. A
# package does the accounts in its own scripts: with DESTDIR nothing is asked.
set(wrapper "$ENV{DESTDIR}${CS_LIBEXEC}/session")
if("$ENV{DESTDIR}" STREQUAL "")
  execute_process(COMMAND /usr/share/countersign/prepare-host
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND chown root:_countersign-session "${wrapper}"
    COMMAND_ERROR_IS_FATAL ANY)
else()
  message(STATUS "${wrapper}: the package has to chown it to "
    "root:_countersign-session")
endif()
# After chown, which takes the setgid bit away.
execute_process(COMMAND chmod 2711 "${wrapper}" COMMAND_ERROR_IS_FATAL ANY)

# sshd refuses everybody without a KRL; one that is there stays.
set(krl "$ENV{DESTDIR}/var/lib/countersign/krl")
if(NOT EXISTS "${krl}")
  file(MAKE_DIRECTORY "$ENV{DESTDIR}/var/lib/countersign")
  file(COPY_FILE "$ENV{DESTDIR}/usr/share/countersign/krl.empty" "${krl}")
  file(CHMOD "${krl}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endif()
