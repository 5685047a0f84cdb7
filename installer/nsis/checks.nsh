; What must hold before anything is written.

Function .onInit
  SetShellVarContext current
  StrCpy $Updates "$LOCALAPPDATA\SoPhuong\versions"
  ${GetParameters} $R0
  Call ChooseLanguage
  Call ChooseLog
  !insertmacro Log "OK" "$(BEGINS)"
  Call CheckWindows
  Call ChooseUsers
  Call CheckAlone
  Call ChooseFolder
  Call CheckOther
  Call ChooseParts
  Call ChooseConfig
FunctionEnd

; The system's language; a Vietnamese office often has an English Windows with Vietnamese dates, which is Vietnamese too.
Function ChooseLanguage
  !insertmacro Option "/LANG=" $0 $1
  ${If} $1 == ""
    System::Call 'kernel32::GetUserDefaultLCID() i .r0'
    IntOp $0 $0 & 0x3ff
    ${If} $0 = 0x2a
      StrCpy $LANGUAGE ${LANG_VIETNAMESE}
    ${EndIf}
  ${ElseIf} $0 == "vi"
    StrCpy $LANGUAGE ${LANG_VIETNAMESE}
  ${Else}
    StrCpy $LANGUAGE ${LANG_ENGLISH}
  ${EndIf}
  ${If} $LANGUAGE <> ${LANG_VIETNAMESE}
    StrCpy $LANGUAGE ${LANG_ENGLISH}
  ${EndIf}
FunctionEnd

Function ChooseLog
  !insertmacro Option "/LOG=" $LogPath $0
  ${If} $LogPath == ""
    StrCpy $LogPath "$TEMP\SoPhuong-setup.log"
  ${EndIf}
FunctionEnd

Function CheckWindows
  ${IfNot} ${AtLeastWin10}
  ${OrIfNot} ${AtLeastBuild} ${OLDEST_BUILD}
    !insertmacro Fail ${CODE_WINDOWS} "$(BAD_WINDOWS)"
  ${EndIf}
FunctionEnd

; Whoever has his own data inside Windows is the system itself (a start-up script of a domain): that is for the whole machine.
Function ChooseUsers
  !insertmacro Option "/ALLUSERS" $0 $AllUsers
  StrLen $1 "$WINDIR\"
  StrCpy $0 "$LOCALAPPDATA" $1
  ${If} $0 == "$WINDIR\"
    StrCpy $AllUsers "1"
  ${EndIf}
  Call AskHub
  ${If} $AllUsers == ""
    Return
  ${EndIf}
  UserInfo::GetAccountType
  Pop $0
  ${If} $0 == "Admin"
    SetShellVarContext all
    Return
  ${EndIf}
  ${IfNot} ${Silent}
    ClearErrors
    ExecShellWait "runas" "$EXEPATH" "$R0" ; Windows asks for an administrator
    ${IfNot} ${Errors}
      Quit
    ${EndIf}
  ${EndIf}
  !insertmacro Fail ${CODE_RIGHTS} "$(BAD_RIGHTS)"
FunctionEnd

Function CheckAlone
  System::Call 'kernel32::CreateMutexW(p 0, i 0, w "SoPhuong-setup") p .r1 ?e'
  Pop $0
  ${If} $0 = 183 ; ERROR_ALREADY_EXISTS
    !insertmacro Fail ${CODE_TWICE} "$(BAD_TWICE)"
  ${EndIf}
FunctionEnd

; Where it is already it stays; else /D= goes before the usual place.
Function ChooseFolder
  SetShellVarContext current
  StrCpy $1 "$LOCALAPPDATA\Programs\SoPhuong"
  ${If} $AllUsers == "1"
    SetShellVarContext all
  ${EndIf}
  ReadRegStr $0 SHCTX "${KEY}" "InstallLocation"
  ${If} $0 != ""
  ${AndIf} ${FileExists} "$0\uninstall.exe"
    StrCpy $WasThere "1"
    ${If} $INSTDIR != $0
    ${AndIf} $INSTDIR != $1
      !insertmacro Log "NOTE" "$(NOTE_STAYS)"
    ${EndIf}
    StrCpy $INSTDIR $0
  ${ElseIf} $INSTDIR == $1
  ${AndIf} $AllUsers == "1"
    StrCpy $INSTDIR "$PROGRAMFILES64\SoPhuong"
  ${EndIf}
FunctionEnd

Function AskFolder
  ${If} $WasThere == "1"
    Abort ; nothing to ask
  ${EndIf}
FunctionEnd

Function CheckOther
  ${If} $AllUsers == "1"
    ReadRegStr $0 HKLM "Software\SoPhuong" "Package"
    ${If} $0 == "msi"
      !insertmacro Fail ${CODE_MSI} "$(BAD_MSI)"
    ${EndIf}
  ${EndIf}
  ReadRegStr $0 SHCTX "${KEY}" "DisplayVersion"
  ${If} $0 != ""
    ${VersionCompare} "$0" "${VERSION}" $1
    ${If} $1 = 1
      !insertmacro Fail ${CODE_NEWER} "$(BAD_NEWER)"
    ${EndIf}
  ${EndIf}
FunctionEnd

Function ChooseParts
  !insertmacro Option "/DESKTOP" $0 $1
  ${If} $1 == ""
  ${AndIf} ${Silent}
    !insertmacro UnselectSection ${PartDesktop}
  ${EndIf}
  !insertmacro Option "/AUTOSTART" $0 $1
  ${If} $1 == "1"
    !insertmacro SelectSection ${PartAutostart}
  ${EndIf}
  ReadRegStr $0 SHCTX "${RUN_KEY}" "SoPhuong"
  ${If} $0 != "" ; as it was
    !insertmacro SelectSection ${PartAutostart}
  ${EndIf}
  ClearErrors
FunctionEnd

Function ChooseConfig
  !insertmacro Option "/CONFIG=" $Config $0
  ${If} $0 == ""
    ${If} ${FileExists} "$EXEDIR\rollout.toml"
      StrCpy $Config "$EXEDIR\rollout.toml"
    ${EndIf}
  ${ElseIf} ${FileExists} "$EXEDIR\$Config"
    StrCpy $Config "$EXEDIR\$Config"
  ${EndIf}
FunctionEnd

; Of the directory's page when it is left, and before anything is written. Without the system's long paths Windows opens none of more than 259.
Function CheckFolder
  StrLen $0 $INSTDIR
  IntOp $0 $0 + ${LONGEST}
  ReadRegDWORD $1 HKLM "System\CurrentControlSet\Control\FileSystem" "LongPathsEnabled"
  ${If} $0 > 259
  ${AndIf} $1 <> 1
    !insertmacro BadFolder ${CODE_FOLDER} "$(BAD_LENGTH)"
  ${EndIf}
FunctionEnd
