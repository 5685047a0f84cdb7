; The ward's hub, a part of the whole machine's installation (/ALLUSERS /HUB): HUB_INSTALL and HUB_REMOVE are files of
; nsExec lines that installer/nsis.py writes. Without them the part is not offered.

!ifdef HUB_INSTALL
  Var Hub ; "1": this PC is to be the hub
!endif

Function AskHub
  !ifdef HUB_INSTALL
    !insertmacro Option "/HUB" $0 $Hub
    ${If} $Hub == "1"
      StrCpy $AllUsers "1"
    ${ElseIf} $AllUsers == "1"
      ReadRegStr $Hub HKLM "Software\SoPhuong" "Hub" ; as it was
    ${EndIf}
  !endif
FunctionEnd

!macro HubCommand command
  StrCpy $2 `${command}`
  nsExec::ExecToStack "$2"
  Pop $0
  Pop $1
  ${If} $0 == 0
    !insertmacro Log "OK" "$(DONE_HUB)"
  ${Else}
    !insertmacro Log "NOTE" "$(NOTE_HUB)"
  ${EndIf}
!macroend

!macro HubSection
  !ifdef HUB_INSTALL
    Section "-hub"
      ${If} $Hub == "1"
        !include "${HUB_INSTALL}"
        WriteRegStr HKLM "Software\SoPhuong" "Hub" "1"
      ${EndIf}
    SectionEnd
  !endif
!macroend

!macro HubRemove
  !ifdef HUB_REMOVE
    ReadRegStr $0 HKLM "Software\SoPhuong" "Hub"
    ${If} $0 == "1"
      !include "${HUB_REMOVE}"
      Sleep 3000 ; a service takes its time to end
      DeleteRegValue HKLM "Software\SoPhuong" "Hub"
      DeleteRegKey /ifempty HKLM "Software\SoPhuong"
    ${EndIf}
  !endif
!macroend
