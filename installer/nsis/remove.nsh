; Removing takes away what setup and updates laid, by name, and nothing else: records, settings and keys of the users stay.

Function un.onInit
  SetShellVarContext current
  StrCpy $Updates "$LOCALAPPDATA\SoPhuong\versions"
  StrCpy $Data "$LOCALAPPDATA\SoPhuong"
  ${GetParameters} $R0
  !insertmacro Option "/LOG=" $LogPath $0
  ${If} $LogPath == ""
    StrCpy $LogPath "$TEMP\SoPhuong-setup.log"
  ${EndIf}
  System::Call 'kernel32::GetUserDefaultLCID() i .r0'
  IntOp $0 $0 & 0x3ff
  ${If} $0 = 0x2a
    StrCpy $LANGUAGE ${LANG_VIETNAMESE}
  ${EndIf}
  !insertmacro Log "OK" "$(REMOVING)"
  ReadRegStr $0 HKLM "${KEY}" "InstallLocation"
  ${If} $0 == $INSTDIR
    StrCpy $AllUsers "1"
    UserInfo::GetAccountType
    Pop $0
    ${If} $0 != "Admin"
      ${IfNot} ${Silent}
        ClearErrors
        ExecShellWait "runas" "$INSTDIR\uninstall.exe" "$R0"
        ${IfNot} ${Errors}
          Quit
        ${EndIf}
      ${EndIf}
      !insertmacro Fail ${CODE_RIGHTS} "$(BAD_RIGHTS)"
    ${EndIf}
    SetShellVarContext all
  ${EndIf}
FunctionEnd

Function un.WaitUntilClosed
  Call un.EndBackground
  StrCpy $1 0
  ${Do}
    Call un.IsOpen
    Pop $0
    ${If} $0 == ""
      Return
    ${EndIf}
    ${If} ${Silent}
      IntOp $1 $1 + 1
      ${If} $1 > ${WAIT_SECONDS}
        !insertmacro Fail ${CODE_OPEN} "$(BAD_OPEN)"
      ${EndIf}
      Sleep 1000
    ${Else}
      MessageBox MB_RETRYCANCEL|MB_ICONINFORMATION "$(BAD_OPEN)" IDRETRY again
      !insertmacro Log "NOTE" "$(NOTE_CANCELLED)"
      Quit
      again:
    ${EndIf}
  ${Loop}
FunctionEnd

!macro RemoveVersions folder ; those that hold the program, and what a cut setup left
  FindFirst $1 $2 "${folder}\*.*"
  ${DoWhile} $2 != ""
    ${If} $2 != "."
    ${AndIf} $2 != ".."
      StrCpy $3 $2 "" -4
      ${If} ${FileExists} "${folder}\$2\${PROGRAM}"
      ${OrIf} $3 == ".new"
      ${OrIf} $3 == ".old"
        RMDir /r "${folder}\$2"
      ${EndIf}
    ${EndIf}
    FindNext $1 $2
  ${Loop}
  FindClose $1
  RMDir "${folder}"
!macroend

Section "Uninstall"
  Call un.WaitUntilClosed
  !insertmacro HubRemove
  SetOutPath "$TEMP"
  Delete "$SMPROGRAMS\Sổ Phường.lnk"
  Delete "$DESKTOP\Sổ Phường.lnk"
  DeleteRegValue SHCTX "${RUN_KEY}" "SoPhuong"
  DeleteRegValue HKCU "${RUN_KEY}" "SoPhuong" ; an officer's own choice in the settings
  !insertmacro RemoveVersions "$INSTDIR\app"
  RMDir /r "$Updates" ; made by updates alone
  RMDir /r "$Data\cache"
  Delete "$Data\background.lock"
  RMDir "$Data" ; when nobody ever worked with it
  Delete "$INSTDIR\${PROGRAM}"
  Delete "$INSTDIR\${PROGRAM}.old"
  Delete "$INSTDIR\${CLI}"
  Delete "$INSTDIR\${CLI}.old"
  Delete "$INSTDIR\rollout.toml"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey SHCTX "${KEY}"
  ${If} ${FileExists} "$INSTDIR\*.*"
    !insertmacro Log "NOTE" "$(NOTE_LEFT)"
  ${EndIf}
  !insertmacro Log "OK" "$(REMOVED)"
SectionEnd
