; A shortcut with the identity of the window it opens: pinned to the taskbar it starts the launcher, also after an update.

Function MakeShortcut ; pops where
  Pop $0
  SetOutPath "$INSTDIR"
  CreateShortcut "$0" "$Start" "" "$Start" 0 "" "" "$(ABOUT)"
  Push $1
  Push $2
  Push $3
  Push $4
  !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r1 ""
  ${If} $1 P<> 0
    ${IUnknown::QueryInterface} $1 '("${IID_IPersistFile}", .r2)'
    ${If} $2 P<> 0
      ${IPersistFile::Load} $2 '("$0", ${STGM_READWRITE})'
      ${IShellLink::SetWorkingDirectory} $1 '("%USERPROFILE%")'
      ${IUnknown::QueryInterface} $1 '("${IID_IPropertyStore}", .r3)'
      ${If} $3 P<> 0
        System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID}) p .r4'
        System::Call '*(&w64 "${IDENTITY}") p .r5'
        System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_LPWSTR},,p r5) p .r6'
        System::Call '$3->6(p r4, p r6)' ; SetValue
        System::Call '$3->7()' ; Commit
        System::Free $6
        System::Free $5
        System::Free $4
        ${IUnknown::Release} $3 ""
      ${EndIf}
      ${IPersistFile::Save} $2 '("$0", 1)'
      ${IUnknown::Release} $2 ""
    ${EndIf}
    ${IUnknown::Release} $1 ""
  ${EndIf}
  Pop $4
  Pop $3
  Pop $2
  Pop $1
  ${If} ${FileExists} "$0"
    !insertmacro Log "OK" "$(DONE_SHORTCUT)"
  ${Else}
    !insertmacro Log "NOTE" "$(NOTE_SHORTCUT)"
  ${EndIf}
FunctionEnd

!macro Shortcut where
  Push "${where}"
  Call MakeShortcut
!macroend
