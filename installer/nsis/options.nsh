; What was given on the command line, quoted in whichever way: /NAME, /NAME=value, /NAME="a value", "/NAME=a value".

!macro DefineOption un
Function ${un}ReadOption ; pops the name, as "/LOG="; pushes the value, then "1" when it was given at all
  Exch $0
  Push $1
  Push $2
  Push $3
  Push $4
  Push $5
  Push $6
  StrLen $5 $0
  StrCpy $6 ""
  StrCpy $4 ""
  System::Call 'kernel32::GetCommandLineW() p .r1'
  System::Call 'shell32::CommandLineToArgvW(p r1, *i .r2) p .r1'
  StrCpy $3 $1
  ${DoWhile} $2 > 1
    IntOp $2 $2 - 1
    IntPtrOp $3 $3 + ${NSIS_PTR_SIZE}
    System::Call '*$3(w .r4)'
    StrCpy $R9 $4 $5
    ${If} $R9 == $0
      StrCpy $0 $4 "" $5
      StrCpy $6 "1"
      ${Break}
    ${EndIf}
  ${Loop}
  System::Call 'kernel32::LocalFree(p r1)'
  ${If} $6 == ""
    StrCpy $0 ""
  ${EndIf}
  StrCpy $R9 $6
  Pop $6
  Pop $5
  Pop $4
  Pop $3
  Pop $2
  Pop $1
  Exch $0
  Push $R9
FunctionEnd
!macroend
!insertmacro DefineOption ""
!insertmacro DefineOption "un."

!macro Option name value given
  Push "${name}"
  !ifdef __UNINSTALL__
  Call un.ReadOption
  !else
  Call ReadOption
  !endif
  Pop ${given}
  Pop ${value}
!macroend
