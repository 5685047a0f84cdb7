; Whether the program is open: Windows lets nobody write to the file of a program that runs.

!macro DefineRunning un
Function ${un}IsLocked ; path on the stack; "1" on top afterwards when it is open
  Exch $0
  Push $1
  StrCpy $1 ""
  ${If} ${FileExists} "$0"
    ClearErrors
    FileOpen $1 "$0" a
    ${If} ${Errors}
      StrCpy $1 "1"
    ${Else}
      FileClose $1
      StrCpy $1 ""
    ${EndIf}
    ClearErrors
  ${EndIf}
  StrCpy $0 $1
  Pop $1
  Exch $0
FunctionEnd

Function ${un}AnyLocked ; a folder of versions on the stack; "1" on top afterwards when the program of one of them is open
  Exch $0
  Push $1
  Push $2
  Push $3
  StrCpy $3 ""
  FindFirst $1 $2 "$0\*.*"
  ${DoWhile} $2 != ""
    ${If} $2 != "."
    ${AndIf} $2 != ".."
      Push "$0\$2\${PROGRAM}"
      Call ${un}IsLocked
      Pop $2
      ${If} $2 == "1"
        StrCpy $3 "1"
      ${EndIf}
    ${EndIf}
    FindNext $1 $2
  ${Loop}
  FindClose $1
  StrCpy $0 $3
  Pop $3
  Pop $2
  Pop $1
  Exch $0
FunctionEnd

Function ${un}IsOpen ; "1" on the stack when the program is open, of this installation or of an update a user has
  Push "$INSTDIR\app"
  Call ${un}AnyLocked
  Exch $0
  ${If} $0 == ""
    Push $Updates
    Call ${un}AnyLocked
    Pop $0
  ${EndIf}
  Exch $0
FunctionEnd

; Background sync has no window to close: it is told, and ends as soon as it has nothing under way.
Function ${un}EndBackground
  Push $0
  System::Call 'kernel32::OpenEventW(i 2, i 0, w "Local\SoPhuong-background-end") p .r0' ; EVENT_MODIFY_STATE
  ${If} $0 P<> 0
    System::Call 'kernel32::SetEvent(p r0)'
    System::Call 'kernel32::CloseHandle(p r0)'
    StrCpy $BackgroundRan "1"
    !insertmacro Log "OK" "$(DONE_BACKGROUND)"
    Sleep 1500
  ${EndIf}
  Pop $0
FunctionEnd
!macroend
!insertmacro DefineRunning ""
!insertmacro DefineRunning "un."

; Versions lie side by side, so nothing must be closed; but who sits there should know that the new one comes with the next start.
Function AskUntilClosed
  Call EndBackground
  ${Do}
    Call IsOpen
    Pop $0
    ${If} $0 == ""
      ${Break}
    ${EndIf}
    MessageBox MB_ABORTRETRYIGNORE|MB_ICONINFORMATION "$(CLOSE_FIRST)" /SD IDIGNORE IDRETRY again IDIGNORE on
    Quit
    on:
    ${Break}
    again:
  ${Loop}
FunctionEnd

Function WaitUntilClosed
  Call EndBackground
  ${For} $1 1 ${WAIT_SECONDS}
    Call IsOpen
    Pop $0
    ${If} $0 == ""
      Return
    ${EndIf}
    ${IfNot} ${Silent}
      Return ; he was asked
    ${EndIf}
    Sleep 1000
  ${Next}
  !insertmacro Log "NOTE" "$(NOTE_STILL_OPEN)"
FunctionEnd

Function StartBackgroundAgain
  ${If} $BackgroundRan == "1"
    Exec '"$Start" --background'
  ${EndIf}
FunctionEnd
