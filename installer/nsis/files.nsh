; A version is laid under another name and renamed when it is whole: after a power cut there is the old one or the new one.

Function LayProgram
  ClearErrors
  CreateDirectory "$INSTDIR\app"
  ${If} ${Errors}
    !insertmacro Fail ${CODE_FOLDER} "$(BAD_FOLDER)"
  ${EndIf}
  System::Call 'kernel32::GetDiskFreeSpaceExW(w "$INSTDIR", *l .r0, p 0, p 0) i .r1'
  ${If} $1 <> 0
    System::Int64Op $0 / 1024
    Pop $0
    ${If} $0 L< ${KILOBYTES}
      !insertmacro Fail ${CODE_WRITE} "$(BAD_SPACE)"
    ${EndIf}
  ${EndIf}
  Push "$INSTDIR\app\${VERSION}\${PROGRAM}"
  Call IsLocked
  Pop $0
  ${If} $0 == "1"
    !insertmacro Log "NOTE" "$(NOTE_SAME_OPEN)"
    Return
  ${EndIf}
  RMDir /r "$INSTDIR\app\${VERSION}.new"
  RMDir /r "$INSTDIR\app\${VERSION}.old"
  SetOutPath "$INSTDIR\app\${VERSION}.new"
  SetOverwrite try
  ClearErrors
  File /r "${BUNDLE}/*"
  ${If} ${Errors}
    !insertmacro Fail ${CODE_WRITE} "$(BAD_WRITE)"
  ${EndIf}
  SetOutPath "$INSTDIR"
  SetOverwrite on
  ${If} ${FileExists} "$INSTDIR\app\${VERSION}\*.*"
    Push "$INSTDIR\app\${VERSION}.old"
    Push "$INSTDIR\app\${VERSION}"
    Call RenameFolder
  ${EndIf}
  Push "$INSTDIR\app\${VERSION}"
  Push "$INSTDIR\app\${VERSION}.new"
  Call RenameFolder
  RMDir /r "$INSTDIR\app\${VERSION}.old"
  ClearErrors
  !insertmacro Log "OK" "$(DONE_FILES)"
FunctionEnd

; What a virus scanner still reads cannot be renamed for a moment.
Function RenameFolder ; pops from, then to
  Pop $1
  Pop $2
  ${For} $3 1 20
    ClearErrors
    Rename "$1" "$2"
    ${IfNot} ${Errors}
      Return
    ${EndIf}
    Sleep 250
  ${Next}
  ${If} ${FileExists} "$INSTDIR\app\${VERSION}.old\*.*"
  ${AndIfNot} ${FileExists} "$INSTDIR\app\${VERSION}\*.*"
    Rename "$INSTDIR\app\${VERSION}.old" "$INSTDIR\app\${VERSION}"
  ${EndIf}
  !insertmacro Fail ${CODE_WRITE} "$(BAD_WRITE)"
FunctionEnd

Function LayConfig
  ${If} $Config == ""
    Return
  ${EndIf}
  ${GetFileName} "$Config" $0
  System::Call 'kernel32::CopyFileW(w "$Config", w "$INSTDIR\rollout.toml", i 0) i .r1 ?e'
  Pop $2
  ${If} $1 = 0
    !insertmacro Log "NOTE" "$(NOTE_CONFIG)"
  ${Else}
    !insertmacro Log "OK" "$(DONE_CONFIG)"
  ${EndIf}
FunctionEnd

; The file of a program that runs may be renamed though not overwritten.
!macro LayLauncher name
  SetOutPath "$INSTDIR"
  ClearErrors
  File "/oname=${name}.new" "${LAUNCHERS}/${name}"
  Delete "$INSTDIR\${name}.old"
  Rename "$INSTDIR\${name}" "$INSTDIR\${name}.old"
  ClearErrors
  Rename "$INSTDIR\${name}.new" "$INSTDIR\${name}"
  ${If} ${Errors}
    !insertmacro Fail ${CODE_WRITE} "$(BAD_WRITE)"
  ${EndIf}
  Delete "$INSTDIR\${name}.old"
  ClearErrors
!macroend

Function LayStart
  SetOutPath "$INSTDIR"
  !ifdef LAUNCHERS
    !insertmacro LayLauncher "${PROGRAM}"
    !insertmacro LayLauncher "${CLI}"
    StrCpy $Start "$INSTDIR\${PROGRAM}"
  !else
    StrCpy $Start "$INSTDIR\app\${VERSION}\${PROGRAM}"
  !endif
  !insertmacro Shortcut "$SMPROGRAMS\Sổ Phường.lnk"
FunctionEnd

Function WriteUninstall
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr SHCTX "${KEY}" "DisplayName" "Sổ Phường"
  WriteRegStr SHCTX "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${KEY}" "DisplayIcon" "$Start"
  WriteRegStr SHCTX "${KEY}" "Publisher" "Sổ Phường"
  WriteRegStr SHCTX "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr SHCTX "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD SHCTX "${KEY}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD SHCTX "${KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${KEY}" "NoRepair" 1
  !insertmacro Log "OK" "$(DONE_UNINSTALL)"
FunctionEnd

; The launcher starts the newest version that lies here; the others go when they are not open.
Function RemoveOlder
  FindFirst $1 $2 "$INSTDIR\app\*.*"
  ${DoWhile} $2 != ""
    ${If} $2 != "."
    ${AndIf} $2 != ".."
    ${AndIf} $2 != "${VERSION}"
    ${AndIf} ${FileExists} "$INSTDIR\app\$2\${PROGRAM}"
      Push "$INSTDIR\app\$2\${PROGRAM}"
      Call IsLocked
      Pop $0
      ${If} $0 == ""
        Push "$INSTDIR\app\$2\${CLI}"
        Call IsLocked
        Pop $0
      ${EndIf}
      ${If} $0 == "1"
        !insertmacro Log "NOTE" "$(NOTE_OLDER_OPEN)"
      ${Else}
        RMDir /r "$INSTDIR\app\$2"
        !insertmacro Log "OK" "$(DONE_OLDER)"
      ${EndIf}
    ${EndIf}
    FindNext $1 $2
  ${Loop}
  FindClose $1
  ClearErrors
FunctionEnd

Function StartProgram
  Exec '"$Start"'
FunctionEnd

Function .onInstFailed
  !insertmacro Log "ERROR" "$(BAD_STOPPED)"
  SetErrorLevel ${CODE_WRITE}
FunctionEnd

Function NoteCancelled
  !insertmacro Log "NOTE" "$(NOTE_CANCELLED)"
FunctionEnd
